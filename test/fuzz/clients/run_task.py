"""Runs a task by the generated client: argv[1] is the address of the API, argv[2] the folder of the client."""

import sys
import time

sys.path.insert(0, sys.argv[2])

from orchestrator_client import Client
from orchestrator_client.api.tasks import get_task, get_task_result, list_tasks, submit_task
from orchestrator_client.models import SubmitTaskBody, Task, TaskList, TaskWithSteps

client = Client(base_url=sys.argv[1])
body = SubmitTaskBody.from_dict({"type": "simple", "input": {"message": "from Python"}})
submitted = submit_task.sync(client=client, body=body)
assert isinstance(submitted, Task), submitted
for _ in range(200):
    task = get_task.sync(submitted.task_id, client=client)
    assert isinstance(task, TaskWithSteps), task
    if task.status not in ("queued", "planning", "running", "waiting"):
        break
    time.sleep(0.2)
listed = list_tasks.sync(client=client, limit=5)
assert isinstance(listed, TaskList) and submitted.task_id in [one.task_id for one in listed.tasks], listed
print(task.status, get_task_result.sync(submitted.task_id, client=client).result)
