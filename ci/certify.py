"""The main job in one command: judge the drivers inmemory and filesystem, show the table, write certify/report.json.

`python3 ci/certify.py` needs Python 3.11 or newer and nothing else: it makes the environment it runs in. Arguments go on
to pytest; a driver or a report of yours replaces the default: `python3 ci/certify.py --driver=s3 --backend moto`.
"""

import supported_python

if __name__ == "__main__":
    supported_python.require()

    import environment

    environment.run_script("main_job.py")
