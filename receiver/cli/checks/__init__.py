"""What `doctor` looks at. A check takes the settings and gives a finding; nothing of what is stored changes."""
