"""The front end's side of ipywidgets, without a browser: the state of a kernel's widget models, and what a person does.

The messages are those of the protocol, https://ipywidgets.readthedocs.io/en/stable/development (Low level).
"""

from __future__ import annotations

import queue
import time

PATIENCE = 30.0  # seconds for what comes at once unless the machine is in trouble


class Front:
    """Keeps the state of every widget model that the kernel tells of."""

    def __init__(self, kernel):
        self.client = kernel.client
        self.models = {}
        self.busy = None

    def run(self, code):
        """Run a cell, and take what it tells of widgets."""
        self._await_idle(self.client.execute(code))

    def set(self, model, **state):
        """What a control does when a person changed it."""
        message = self._send(model, {"method": "update", "state": state, "buffer_paths": []})
        self._await_idle(message)

    def click(self, model):
        self._await_idle(self._send(model, {"method": "custom", "content": {"event": "click"}}))

    def find(self, description):
        """The model of the control with this label, the last one."""
        return [m for m, state in self.models.items() if state.get("description") == description][-1]

    def text(self):
        """What all HTML widgets show."""
        return "\n".join(s["value"] for s in self.models.values() if s.get("_model_name") == "HTMLModel")

    def wait(self, condition):
        """Take messages until ``condition()`` holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.text()
            self._take(1.0)

    def _send(self, model, data):
        content = {"comm_id": model, "data": data}
        message = self.client.session.msg("comm_msg", content)
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def _await_idle(self, message):
        deadline = time.monotonic() + PATIENCE
        while self._take(1.0) != message:
            assert time.monotonic() < deadline

    def _take(self, timeout):
        """Take one message; the id of the one that the kernel has dealt with, if that is what it says."""
        try:
            message = self.client.get_iopub_msg(timeout=timeout)
        except queue.Empty:
            return None
        content = message["content"]
        if message["msg_type"] in ("comm_open", "comm_msg"):
            state = content["data"].get("state", {}) if content["data"].get("method") != "echo_update" else {}
            self.models.setdefault(content["comm_id"], {}).update(state)
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return message["parent_header"].get("msg_id")
        return None
