"""The sub-commands of `fengqiao`, one file each; `fengqiao/config/command.py` says what a file must have."""
