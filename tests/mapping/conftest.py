from hypothesis import HealthCheck, settings

# A machine that is busy with other things is not a fault of the mapping. 50 examples a property keep the suite quick.
settings.register_profile("mapping", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mapping")
