"""What `doctor` looks at. A check takes the settings and gives a finding; it creates and changes nothing."""
