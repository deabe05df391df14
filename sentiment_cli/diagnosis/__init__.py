"""What do the curves of a training run show, why, and what would change it?"""

from sentiment_cli.diagnosis.case import Case as Case
from sentiment_cli.diagnosis.case import Finding as Finding
from sentiment_cli.diagnosis.diagnose import diagnose as diagnose
from sentiment_cli.diagnosis.reading import describe_history as describe_history
