"""Who takes matters in for others, at the desk and through the API alike."""

from fengqiao.kernel.models import Post

# Desks, windows and those whom people meet. Units that handle, deciders and those without contents do not take in.
ROLES = frozenset(
    {
        "call_desk",
        "command_room",
        "emergency_officer",
        "grid_worker",
        "hotline_agent",
        "hotline_supervisor",
        "justice_office",
        "petition_agent",
        "petition_office",
        "village_member",
        "window",
    }
)


def may_register(post: Post) -> bool:
    """Roles that take matters in for others."""
    return post.role in ROLES
