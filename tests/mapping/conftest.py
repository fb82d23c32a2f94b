from hypothesis import settings

# A machine that is busy with other things is not a fault of the mapping.
settings.register_profile("mapping", deadline=None)
settings.load_profile("mapping")
