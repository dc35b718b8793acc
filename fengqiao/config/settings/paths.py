"""Where things lie: the program, its data, the anchors of the journal."""

from fengqiao.config import environment, folders

PROJECT = folders.PROJECT
FENGQIAO_DATA = folders.data_folder()
# In production on another machine's disk: what has been sealed there cannot be rewritten here (ruling 7).
FENGQIAO_ANCHORS = environment.folder("FENGQIAO_ANCHORS", None) or FENGQIAO_DATA / "anchors"
# Real sample texts for tests and trials; never part of the project.
FENGQIAO_SAMPLES = environment.folder("FENGQIAO_SAMPLES", None)
FENGQIAO_RUN = FENGQIAO_DATA / "run"
FENGQIAO_COUNTERS = FENGQIAO_RUN / "metrics"
FENGQIAO_FILES = FENGQIAO_DATA / "files"
FENGQIAO_BACKUPS = FENGQIAO_DATA / "backups"
