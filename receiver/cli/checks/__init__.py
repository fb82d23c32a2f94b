"""The checks of `doctor`. A check takes the settings and returns a finding; it changes nothing in the stores."""
