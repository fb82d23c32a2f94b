import sys
from pathlib import Path

# `labelled` is imported by its name, as the bench does.
sys.path.insert(0, str(Path(__file__).parent))
