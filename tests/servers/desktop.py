"""A desktop on a session bus of its own: takes notifications, strictly, and prints each as JSON."""

from __future__ import annotations

import json
import sys

from jeepney import (
    DBusAddress,
    HeaderFields,
    Message,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
)
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
ADDRESS = DBusAddress(PATH, bus_name=NAME, interface=NAME)


def say(value: object) -> None:
    sys.stdout.write(f"{json.dumps(value)}\n")
    sys.stdout.flush()


def answer(call: Message, abilities: list[str]) -> Message:
    """What the specification wants; an error for whatever it does not know."""
    fields = call.header.fields
    method, signature = fields.get(HeaderFields.member), fields.get(HeaderFields.signature, "")
    if fields.get(HeaderFields.path) != PATH or fields.get(HeaderFields.interface) != NAME:
        return new_error(call, "org.freedesktop.DBus.Error.UnknownObject")
    if (method, signature) == ("GetCapabilities", ""):
        return new_method_return(call, "as", (abilities,))
    if (method, signature) == ("Notify", "susssasa{sv}i"):
        app, replaces, icon, title, text, actions, hints, timeout = call.body
        assert (replaces, actions, hints) == (0, [], {"urgency": ("y", 2)})
        say({"app": app, "icon": icon, "title": title, "text": text, "timeout": timeout})
        return new_method_return(call, "u", (1,))
    return new_error(call, "org.freedesktop.DBus.Error.UnknownMethod")


def serve(bus: DBusConnection, abilities: list[str]) -> None:
    while True:
        call = bus.receive()
        if call.header.message_type is MessageType.method_call:
            bus.send(answer(call, abilities))


if __name__ == "__main__":
    with open_dbus_connection("SESSION") as session:
        session.send_and_get_reply(message_bus.RequestName(NAME))
        say("ready")
        serve(session, sys.argv[1:])
