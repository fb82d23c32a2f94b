from pathlib import Path

from receiver.settings import markdown

README = Path(__file__).parent.parent / "README.md"


def test_the_table_of_settings_is_the_settings_own():
    _, _, rest = README.read_text().partition("<!-- settings: written by `python -m receiver.settings` -->\n")
    table, _, _ = rest.partition("<!-- /settings -->")
    assert table == markdown()
