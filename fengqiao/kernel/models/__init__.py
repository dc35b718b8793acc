"""The nouns of the platform, in the order in which a reader should meet them."""

from fengqiao.kernel.models.journal import Chain, Event
from fengqiao.kernel.models.matter import (
    ExcludedUnit,
    Exclusion,
    Link,
    Matter,
    Merge,
    Relation,
    Source,
    Subject,
    Text,
)
from fengqiao.kernel.models.messages import Idempotency, Message
from fengqiao.kernel.models.papers import Document, MatterKey, Upload
from fengqiao.kernel.models.people import Account, Person, Post, RecoveryCode, Token, Unit
from fengqiao.kernel.models.places import Place
from fengqiao.kernel.models.search import Bigram, Bookmark, FigureCell, SearchRow
from fengqiao.kernel.models.work import CalendarYear, Clock, Job, Task

__all__ = [
    "Account",
    "Bigram",
    "Bookmark",
    "CalendarYear",
    "Chain",
    "Clock",
    "Document",
    "Event",
    "ExcludedUnit",
    "Exclusion",
    "FigureCell",
    "Idempotency",
    "Job",
    "Link",
    "Matter",
    "MatterKey",
    "Merge",
    "Message",
    "Person",
    "Place",
    "Post",
    "RecoveryCode",
    "Relation",
    "SearchRow",
    "Source",
    "Subject",
    "Task",
    "Text",
    "Token",
    "Unit",
    "Upload",
]
