"""One measurement in a process of its own: `python child.py BUILD NAME JSON`, the answer as JSON on standard output.

``BUILD`` is the folder of the build that is measured; everything it imports of the product comes from there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    build, name, options = sys.argv[1:]
    sys.path[0:0] = [build]
    sys.path.append(str(Path(__file__).resolve().parent))
    import measures

    import scheduler

    assert Path(scheduler.__file__).is_relative_to(build), scheduler.__file__
    print(json.dumps(measures.MEASURES[name](**json.loads(options))))
