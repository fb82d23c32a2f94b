import subprocess
import sys


def test_the_process_is_handed_what_it_reads_and_loads_no_client_of_a_database():
    program = "import sys, storage.interpreting.worker; print({'surrealdb', 'aiohttp', 'numpy'} & sys.modules.keys())"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded == "set()\n"
