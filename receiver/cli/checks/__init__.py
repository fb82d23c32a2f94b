"""What `doctor` looks at. A check takes the settings and gives a finding; it creates nothing, and changes nothing of what is stored."""
