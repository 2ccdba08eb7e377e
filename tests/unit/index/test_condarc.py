"""conda's configuration as conda reads it: the same files, the same addresses, the same refusals."""

import asyncio
import os

import pytest
from channel_server import ChannelServer
from conda_own import addresses_by_conda
from conda_repodata import entry, write_channel
from own_authority import OwnAuthority

from solver.core.errors import BadInput, IndexUnavailable
from solver.index.conda import CondaIndex
from solver.index.conda_config import CondaSettings, without_credentials
from solver.index.condarc import read_settings

GROUPS = """\
custom_multichannels:
  corp: [conda-forge, 'https://ann:pw@h.example/t/tk-1/q/internal']
"""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "channel_alias: https://m.example/conda\n",
        "custom_channels: {own: 'https://h.example/a', own/deep: 'https://g.example'}\n",
        "default_channels: ['https://nexus.example/r/pkgs/main', own]\nchannel_alias: https://nexus.example/r\n",
        "default_channels: ['https://nexus.example/r/pkgs/main', 'https://nexus.example/r/pkgs/r']\n",
        GROUPS,
    ],
)
def test_each_name_leads_where_conda_goes(tmp_path, text):
    (tmp_path / ".condarc").write_text(text)
    settings = read_settings({}, home=tmp_path)
    channels = ("conda-forge", "conda-forge/label/dev", "defaults", "pkgs/main", "pkgs/msys2", "own", "own/deep/er")
    ours = {
        channel: [without_credentials(settings.sources(each)[0]) for each in settings.members(channel)]
        for channel in (*channels, "corp", "q/internal", "r/pkgs/r")
    }
    assert ours == {channel: addresses_by_conda([tmp_path / ".condarc"], channel) for channel in ours}


def test_credentials_of_a_member_are_sent_and_never_named(tmp_path):
    (tmp_path / ".condarc").write_text(GROUPS)
    settings = read_settings({}, home=tmp_path)
    address = "https://h.example/q/internal"
    assert [channel.address for channel in CondaIndex(("corp",), settings).opened("linux-64")] == [
        "https://conda.anaconda.org/conda-forge",
        address,
    ]
    assert settings.sources(address) == ("https://ann:pw@h.example/t/tk-1/q/internal",)
    assert settings.sources_of(address) == settings.sources(address)
    assert [channel.name for channel in CondaIndex(("corp",), settings).opened("linux-64")] == ["conda-forge", address]


def test_a_part_of_a_channel_is_read_with_the_credentials_of_the_channel():
    settings = CondaSettings(custom={"own": "https://ann:pw@h.example/a"})
    assert settings.sources_of("https://h.example/a/own/label/dev") == ("https://ann:pw@h.example/a/own/label/dev",)
    assert settings.sources_of("https://h.example/a/owner") == ("https://h.example/a/owner",)


@pytest.mark.parametrize(
    ("place", "environ"),
    [
        ("root/.condarc", {"CONDA_EXE": "{tmp}/root/bin/conda"}),
        ("root/condarc.d/10-ours.yml", {"CONDA_EXE": "{tmp}/root/bin/conda"}),
        ("root/.condarc", {"PATH": "{tmp}/nothing:{tmp}/root/condabin"}),
        ("root/.condarc", {"MAMBA_ROOT_PREFIX": "{tmp}/root"}),
        ("xdg/conda/condarc", {"XDG_CONFIG_HOME": "{tmp}/xdg"}),
        (".config/conda/.condarc", {}),
        (".conda/condarc", {}),
        (".condarc", {}),
        ("env/condarc", {"CONDA_PREFIX": "{tmp}/env"}),
        ("any.yaml", {"CONDARC": "{tmp}/any.yaml"}),
        ("some/condarc", {"CONDARC": "{tmp}/some/condarc"}),
        ("some/any.yml", {"CONDARC": "{tmp}/some"}),
    ],
)
def test_a_configuration_is_found_where_conda_looks(tmp_path, place, environ):
    program = tmp_path / "root/condabin/conda"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o755)
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text("channel_alias: https://here.example\n")
    environ = {key: value.format(tmp=tmp_path) for key, value in environ.items()}
    assert read_settings(environ, home=tmp_path).alias == "https://here.example"


def test_a_file_that_conda_passes_over_is_passed_over(tmp_path):
    (tmp_path / "any").write_text("channel_alias: https://here.example\n")
    assert read_settings({"CONDARC": str(tmp_path / "any")}, home=tmp_path) == CondaSettings()


def test_two_files_are_put_together_as_conda_does_it(tmp_path):
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda" / ".condarc").write_text(
        "denylist_channels: [bad]\ncustom_multichannels: {corp: [b], other: [c]}\noffline: true\n"
    )
    (tmp_path / ".condarc").write_text(
        "blacklist_channels: [worse]\ncustom_multichannels: {corp: [a]}\noffline: false\n"
    )
    settings = read_settings({}, home=tmp_path)
    assert (settings.denylist, settings.offline) == (("worse", "bad"), False)
    assert (settings.groups["corp"], settings.groups["other"]) == (("a", "b"), ("c",))


def test_variables_outweigh_files(tmp_path):
    (tmp_path / ".condarc").write_text("offline: false\nssl_verify: false\ndefault_channels: [a]\n")
    environ = {"CONDA_OFFLINE": "1", "CONDA_VERIFY_SSL": "yes", "CONDA_DEFAULT_CHANNELS": "b, c"}
    settings = read_settings(environ, home=tmp_path)
    # As conda does it, a list goes on with that of the files.
    assert (settings.offline, settings.verify_tls, settings.members("defaults")) == (True, True, ("b", "c", "a"))


MARKS = {
    "weaker": "default_channels:\n- b0 #!bottom\n- b1\n- b2 #!top\ncustom_multichannels:\n  corp: [b3]  #!final\n",
    "stronger": "default_channels:\n- b4\n- b2\n- b5   #!bottom\ncustom_multichannels: {corp: [b6], own: [b7]}\n",
}


@pytest.mark.parametrize(
    ("weaker", "stronger", "variables"),
    [
        (MARKS["weaker"], MARKS["stronger"], {}),
        (MARKS["weaker"], MARKS["stronger"], {"CONDA_DEFAULT_CHANNELS": "b8,b1"}),
        (MARKS["stronger"], MARKS["weaker"], {}),
        ("default_channels: #!final\n- b0\n- b1 #!top\n", MARKS["stronger"], {"CONDA_DEFAULT_CHANNELS": "b8"}),
        ("channel_alias: https://a.example  #!final\n", "channel_alias: https://b.example\n", {}),
        ("channel_alias: https://a.example # !final\n", "channel_alias: https://b.example\n", {}),
        (
            "channel_alias: https://a.example\n",
            "channel_alias: https://b.example #!final\n",
            {"CONDA_CHANNEL_ALIAS": "https://c.example"},
        ),
        ("custom_multichannels: #!final\n  corp: [b0]\n", "custom_multichannels:\n  corp: [b1]\n  own: [b2]\n", {}),
    ],
)
def test_marks_count_as_they_do_with_conda(tmp_path, monkeypatch, weaker, stronger, variables):
    (tmp_path / ".conda").mkdir()
    files = (tmp_path / ".conda" / ".condarc", tmp_path / ".condarc")
    for file, text in zip(files, (weaker, stronger), strict=True):
        file.write_text(text)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings = read_settings(variables, home=tmp_path)
    ours = {
        channel: [without_credentials(settings.sources(each)[0]) for each in settings.members(channel)]
        for channel in ("defaults", "corp", "own", "conda-forge")
    }
    assert ours == {channel: addresses_by_conda(files, channel) for channel in ours}


def test_what_may_not_be_overruled_is_not(tmp_path):
    (tmp_path / ".condarc").write_text("offline: true #!final\nssl_verify: true\n")
    settings = read_settings({"CONDA_OFFLINE": "false", "CONDA_SSL_VERIFY": "false"}, home=tmp_path)
    assert (settings.offline, settings.verify_tls) == (True, False)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("offline: maybe\n", "offline: expected true or false"),
        ("verify_ssl: /nowhere\n", "verify_ssl: expected true, false, truststore, or where certificates lie"),
        ("ssl_verify: 5\n", "ssl_verify: expected true, false, truststore, or where certificates lie"),
        ("default_channels: conda-forge\n", "default_channels: expected a list of channels"),
        ("denylist_channels: ['..']\n", "denylist_channels: '..' is no channel: it leads upwards"),
        (
            "custom_multichannels: {corp: conda-forge}\n",
            "custom_multichannels.corp: expected channel names, each with a list of channels",
        ),
    ],
)
def test_a_value_of_the_wrong_kind_names_file_and_key(tmp_path, text, message):
    (tmp_path / ".condarc").write_text(text)
    with pytest.raises(BadInput) as caught:
        read_settings({}, home=tmp_path)
    assert str(caught.value) == f"{tmp_path}/.condarc: {message}"


@pytest.mark.parametrize(
    ("text", "channel", "key"),
    [
        ("denylist_channels: [defaults]\n", "defaults", "denylist_channels"),
        ("denylist_channels: [defaults]\n", "pkgs/main", "denylist_channels"),
        ("denylist_channels: [defaults]\n", "conda-forge", None),
        ("denylist_channels: ['https://conda.anaconda.org/conda-forge']\n", "conda-forge", "denylist_channels"),
        ("allowlist_channels: [own]\n", "conda-forge", "allowlist_channels"),
        ("allowlist_channels: [own]\n", "own", None),
        (
            "channel_alias: https://m.example\nwhitelist_channels: ['https://m.example/conda-forge']\n",
            "conda-forge",
            None,
        ),
    ],
)
def test_channels_that_conda_may_not_use_are_not_asked(tmp_path, text, channel, key):
    (tmp_path / ".condarc").write_text(text)
    index = CondaIndex((channel,), read_settings({}, home=tmp_path))
    if key is None:
        assert len(index.opened("linux-64")) == len(index.settings.members(channel))
        return
    with pytest.raises(BadInput) as caught:
        index.opened("linux-64")
    refused = next(iter(index.settings.members(channel)))
    assert str(caught.value) == (
        f"{key} of conda's configuration does not allow the channel {refused}; "
        "name another channel, or ask whoever wrote that"
    )


@pytest.fixture
def server(tmp_path):
    server = ChannelServer()
    server.serve("own", write_channel(tmp_path / "channel", [entry("demo", "1.0")]))
    yield server
    server.close()


def asked(settings, tmp_path):
    """What comes of a question to the channel ``own``: the number of records, or the error."""
    (channel,) = CondaIndex(("own",), settings, cache=tmp_path / "cache").opened("linux-64")
    try:
        return len(asyncio.run(channel.load("linux-64", "demo")))
    except IndexUnavailable as error:
        return str(error)


def test_offline_asks_no_server(server, tmp_path):
    settings = CondaSettings(alias=server.url, offline=True)
    assert asked(settings, tmp_path) == "channel own was not asked: conda's configuration says offline"
    assert asked(CondaSettings(alias=server.url), tmp_path) == 1
    folder = CondaSettings(mirrors={"own": ((tmp_path / "channel").as_uri(),)}, offline=True)
    assert asked(folder, tmp_path) == 1


@pytest.mark.parametrize("form", ["file", "folder"])
def test_a_company_s_own_authority_is_believed(server, tmp_path, form, monkeypatch):
    authority = OwnAuthority(tmp_path)
    authority.speak(server)
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "any.pem").write_bytes(authority.certificate.read_bytes())
    monkeypatch.setenv("SSL_CERT_DIR", "/kept")
    place = authority.certificate if form == "file" else tmp_path / "many"
    (tmp_path / ".condarc").write_text(f"channel_alias: {server.url}\nssl_verify: {place}\n")
    assert asked(read_settings({}, home=tmp_path), tmp_path) == 1
    assert "SSL_CERT_FILE" not in os.environ or os.environ["SSL_CERT_FILE"] != str(place)
    assert os.environ["SSL_CERT_DIR"] == "/kept"


def test_an_authority_that_nobody_named_is_not(server, tmp_path, monkeypatch):
    OwnAuthority(tmp_path).speak(server)
    assert asked(CondaSettings(alias=server.url), tmp_path) == (
        f"channel own at {server.url}/own did not answer: invalid peer certificate: UnknownIssuer"
    )


def test_a_certificate_of_ones_own_is_not_sent_which_is_told(server, tmp_path):
    OwnAuthority(tmp_path).speak(server)
    (tmp_path / ".condarc").write_text(f"channel_alias: {server.url}\nclient_ssl_cert: /my.pem\n")
    assert asked(read_settings({}, home=tmp_path), tmp_path) == (
        f"channel own at {server.url}/own did not answer: invalid peer certificate: UnknownIssuer; "
        "the client_ssl_cert of conda's configuration is not sent"
    )


def test_what_holds_no_certificate_is_told(server, tmp_path):
    (tmp_path / "none.pem").write_text("nothing\n")
    with pytest.raises(BadInput) as caught:
        CondaSettings(certificates=tmp_path / "none.pem").client()
    assert str(caught.value) == (
        f"{tmp_path}/none.pem: holds no certificates; name a file of them in ssl_verify of conda's configuration"
    )
