import sys
from pathlib import Path

# `published` is imported by its name.
sys.path.insert(0, str(Path(__file__).parent))
