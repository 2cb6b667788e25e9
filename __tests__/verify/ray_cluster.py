"""Runs examples/distributed/ray_driver.py on a Ray cluster of two local nodes, one of which is lost when two shards are done.

    python ray_cluster.py DRIVER OUT ARGUMENTS…
"""

import importlib.util
import sys
import threading
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

driver_file, out, *arguments = sys.argv[1:]
spec = importlib.util.spec_from_file_location("ray_driver", driver_file)
driver = importlib.util.module_from_spec(spec)
# Workers take the functions by value: they have no such module.
sys.modules["ray_driver"] = driver
spec.loader.exec_module(driver)
ray.cloudpickle.register_pickle_by_value(driver)

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
second = cluster.add_node(num_cpus=1)
ray.init(address=cluster.address)


def lose_a_node() -> None:
    while len(list(Path(out).glob("part*.stats"))) < 2:
        time.sleep(0.05)
    cluster.remove_node(second, allow_graceful=False)
    print("a node was lost", flush=True)


losing = threading.Thread(target=lose_a_node, daemon=True)
losing.start()
driver.main([*arguments, "--out", out])
# Ray says that a node is gone some time after it was killed.
losing.join(60)
print("nodes at the end:", sum(node["Alive"] for node in ray.nodes()), flush=True)
ray.shutdown()
cluster.shutdown()
