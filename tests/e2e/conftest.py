"""A channel of real packages, built once, and a server of channels."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def built_channel(tmp_path_factory):
    from conda_world import build_channel

    return build_channel(tmp_path_factory.mktemp("built") / "channel")


@pytest.fixture
def channel(built_channel, tmp_path):
    """A copy that a test may break."""
    return Path(shutil.copytree(built_channel, tmp_path / "channel"))


@pytest.fixture
def server():
    from channel_server import ChannelServer

    server = ChannelServer()
    yield server
    server.close()
