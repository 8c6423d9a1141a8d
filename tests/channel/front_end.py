"""A front end of the channel: it opens comms, asks, merges what it is told, and counts what it costs."""

import contextlib
import json
import queue
import time
import uuid

from jupyter_client.session import Session

PATIENCE = 90  # seconds until a state that was waited for is given up


class FrontEnd:
    """One connection to a kernel, beside the one that runs cells; any number of panels."""

    def __init__(self, kernel, *, subshell=True):
        self.kernel = kernel
        own = Session(key=kernel.manager.session.key)  # of the same one, two clients would get each other's answers
        own.pack = pack
        self.client = kernel.manager.client(session=own)
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        self.subshell = None
        if subshell:
            self.create_subshell()
        self.panels = {}
        self.others = []  # all other messages that a front end gets, of cells too

    def open(self, **data):
        """A panel, with its state."""
        panel = Panel(self)
        self.panels[panel.id] = panel
        panel.send("comm_open", {"version": 1} | data, target_name="cloudshelf.panel", target_module=None)
        return panel

    def open_after_restart(self, **data):
        """The kernel is a new process: without the subshell, and without the panels of the old one."""
        self.client.wait_for_ready(timeout=PATIENCE)
        if self.subshell:
            self.create_subshell()
        self.panels.clear()
        return self.open(**data)

    def send(self, kind, content):
        message = self.client.session.msg(kind, content)
        if self.subshell:
            message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        return message["header"]["msg_id"]

    def read(self, timeout):
        """Take one message from the kernel, for whomever it is. Raises queue.Empty."""
        message = self.client.get_iopub_msg(timeout=timeout)
        content = message["content"]
        panel = self.panels.get(content.get("comm_id"))
        if panel is None:
            self.others.append(message)
        else:
            panel.take(message)

    def wait(self, holds, what="a state"):
        """Read until ``holds()`` is true, and answer what it is."""
        end = time.monotonic() + PATIENCE
        while not (found := holds()):
            left = end - time.monotonic()
            assert left > 0, f"{what} did not come; {[(p.state, p.replies) for p in self.panels.values()]}"
            with contextlib.suppress(queue.Empty):
                self.read(min(left, 1.0))
        return found

    def run(self, code):
        """Have a cell run by the main shell; the id of the request, for ``is_done``."""
        return self.client.execute(code, store_history=True, allow_stdin=False)

    def is_done(self, execution):
        return any(
            message["msg_type"] == "status"
            and message["content"]["execution_state"] == "idle"
            and message["parent_header"].get("msg_id") == execution
            for message in self.others
        )

    def drain(self):
        """Take what has come, as far as an answer of the kernel that is asked for now."""
        panel = next(iter(self.panels.values()))
        panel.ask("state")

    def stop(self):
        self.client.stop_channels()

    def create_subshell(self):
        """What it sends travels by this one from now on; a kernel whose cell runs makes one too."""
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        while True:
            reply = self.client.control_channel.get_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                self.subshell = reply["content"]["subshell_id"]
                return


def pack(content):
    """As a browser does it: half of a surrogate pair is escaped, which is no error in JSON."""
    return json.dumps(content, default=str).encode()


class Panel:
    """One comm: its state as the front end has it."""

    def __init__(self, front_end):
        self.front_end = front_end
        self.id = uuid.uuid4().hex
        self.state, self.replies, self.progress, self.messages = None, {}, [], []
        self.pings, self.closed, self.size, self.gaps = 0, False, 0, 0
        self._number = 0

    def send(self, kind, data, **more):
        return self.front_end.send(kind, {"comm_id": self.id, "data": data, **more})

    def say(self, data):
        """Any message, fit or not."""
        self.send("comm_msg", data)

    def request(self, verb, **args):
        """Ask, and do not wait; the number of the request."""
        self._number += 1
        self.say({"type": "request", "id": self._number, "verb": verb, "args": args})
        return self._number

    def ask(self, verb, **args):
        """Ask, and wait for the reply."""
        number = self.request(verb, **args)
        return self.front_end.wait(lambda: self.replies.get(number), f"the reply to {verb}")

    def close(self):
        self.send("comm_close", {})
        self.closed = True

    def wait(self, holds, what="a state"):
        """Until the state is such."""
        return self.front_end.wait(lambda: self.state is not None and holds(self.state), what)

    def pin(self, project):
        return next((pin for pin in self.state["pins"] if pin["project"] == project), None)

    def take(self, message):
        if message["msg_type"] == "comm_close":
            self.closed = True
            return
        data = message["content"]["data"]
        self.messages.append(data)
        self.size += len(json.dumps(data))
        match data["type"]:
            case "state":
                self.state = data["state"]
            case "change":
                self.gaps += data["seq"] != self.state["seq"] + 1
                self.state = self.state | data.get("set", {}) | {"seq": data["seq"]}
                changed = data.get("pins", {})
                self.state["pins"] = [pin | changed.get(pin["project"], {}) for pin in self.state["pins"]]
            case "progress":
                self.progress.append(data)
            case "reply":
                self.replies[data["id"]] = data
            case "ping":
                self.pings += 1
