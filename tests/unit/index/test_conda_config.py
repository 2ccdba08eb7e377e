import pytest

from solver.core.errors import BadInput
from solver.index.conda_config import DEFAULT_ALIAS, CondaSettings, without_credentials
from solver.index.condarc import read_settings


def settings_of(tmp_path, text, **environ):
    (tmp_path / ".condarc").write_text(text)
    return read_settings(environ, home=tmp_path)


def test_without_a_configuration_a_word_is_a_channel_of_the_common_address(tmp_path):
    settings = read_settings({}, home=tmp_path)
    assert settings == CondaSettings()
    assert settings.address("conda-forge") == f"{DEFAULT_ALIAS}/conda-forge"
    assert settings.sources("conda-forge") == (f"{DEFAULT_ALIAS}/conda-forge",)


def test_an_alias_moves_where_channels_are_read_and_not_what_locks_name(tmp_path):
    settings = settings_of(tmp_path, "channel_alias: https://mirror.example/conda/\n")
    assert settings.sources("conda-forge") == ("https://mirror.example/conda/conda-forge",)
    assert settings.address("conda-forge") == f"{DEFAULT_ALIAS}/conda-forge"
    assert settings.sources_of(f"{DEFAULT_ALIAS}/conda-forge") == ("https://mirror.example/conda/conda-forge",)


def test_a_custom_channel_is_read_with_its_credentials_and_named_without(tmp_path):
    text = "custom_channels:\n  own: https://user:secret@conda.example/t/tk-123/team\n"
    settings = settings_of(tmp_path, text)
    assert settings.sources("own") == ("https://user:secret@conda.example/t/tk-123/team/own",)
    assert settings.address("own") == "https://conda.example/team/own"
    assert settings.sources_of("https://conda.example/team/own") == settings.sources("own")


def test_a_public_channel_that_is_read_from_elsewhere_keeps_its_address(tmp_path):
    settings = settings_of(tmp_path, "custom_channels: {conda-forge: 'https://nexus.example/conda'}\n")
    assert settings.sources("conda-forge") == ("https://nexus.example/conda/conda-forge",)
    assert settings.address("conda-forge") == f"{DEFAULT_ALIAS}/conda-forge"
    assert settings.sources_of(f"{DEFAULT_ALIAS}/conda-forge") == settings.sources("conda-forge")


def test_mirrors_are_tried_in_order(tmp_path):
    text = "mirrored_channels:\n  conda-forge: [https://one.example/cf/, 'file:///srv/cf']\n"
    settings = settings_of(tmp_path, text)
    assert settings.sources("conda-forge") == ("https://one.example/cf", "file:///srv/cf")
    assert settings.sources_of(f"{DEFAULT_ALIAS}/conda-forge") == settings.sources("conda-forge")
    assert settings.address("conda-forge") == f"{DEFAULT_ALIAS}/conda-forge"


def test_variables_keep_tokens_out_of_the_file(tmp_path):
    text = "custom_channels: {own: 'https://conda.example/t/${CONDA_TOKEN}'}\n"
    settings = settings_of(tmp_path, text, CONDA_TOKEN="tk-9")
    assert settings.sources("own") == ("https://conda.example/t/tk-9/own",)


def test_the_environment_wins_over_the_file_and_the_users_file_over_the_systems(tmp_path):
    own = tmp_path / "own.yml"
    own.write_text("channel_alias: https://third.example\nssl_verify: false\n")
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda" / ".condarc").write_text(
        "channel_alias: https://first.example\ncustom_channels: {a: https://a.example}\n"
    )
    (tmp_path / ".condarc").write_text(
        "channel_alias: https://second.example\ncustom_channels: {b: https://b.example}\n"
    )
    assert read_settings({}, home=tmp_path).alias == "https://second.example"
    assert set(read_settings({}, home=tmp_path).custom) == {"a", "b", "pkgs/main", "pkgs/r"}
    settings = read_settings({"CONDARC": str(own)}, home=tmp_path)
    assert (settings.alias, settings.verify_tls) == ("https://third.example", False)
    assert read_settings({"CONDA_CHANNEL_ALIAS": "https://x.example"}, home=tmp_path).alias == "https://x.example"
    assert read_settings({"CONDA_SSL_VERIFY": "false"}, home=tmp_path).verify_tls is False


def test_a_folder_is_a_channel_by_its_path(tmp_path):
    settings = CondaSettings()
    assert settings.sources(str(tmp_path)) == (tmp_path.as_uri(),)
    assert settings.address(str(tmp_path)) == tmp_path.as_uri()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("channel_alias: [a]\n", "channel_alias: expected an address: ['a'] is no address"),
        ("channel_alias: a word\n", "channel_alias: expected an address: 'a word' is no address"),
        ("custom_channels: [a]\n", "custom_channels: expected names, each with an address"),
        ("custom_channels: {1: 'https://h'}\n", "custom_channels: expected names, each with an address"),
        (
            "custom_channels: {a: 'http://[::1'}\n",
            "custom_channels.a: expected an address: 'http://[::1' is no address",
        ),
        ("custom_channels: {a: 5}\n", "custom_channels.a: expected an address: 5 is no address"),
        ("mirrored_channels: [a]\n", "mirrored_channels: expected channel names, each with a list of addresses"),
        ("mirrored_channels: {a: b}\n", "mirrored_channels.a: expected channel names, each with a list of addresses"),
        ("mirrored_channels: {a: []}\n", "mirrored_channels.a: expected channel names, each with a list of addresses"),
        ("mirrored_channels: {a: [5]}\n", "mirrored_channels.a: expected an address: 5 is no address"),
        ("mirrored_channels: {a: ['']}\n", "mirrored_channels.a: expected an address: '' is no address"),
        ("proxy_servers: {http: [a]}\n", "proxy_servers.http: expected an address: ['a'] is no address"),
        ("proxy_servers: {http: '::::'}\n", "proxy_servers.http: expected an address: 'http://::::' is no address"),
        (
            "proxy_servers: {http: 'http://ann:s3cret@h:x'}\n",
            "proxy_servers.http: expected an address: 'http://...@h:x' is no address",
        ),
    ],
)
def test_a_key_of_the_wrong_kind_names_file_and_key(tmp_path, text, key):
    with pytest.raises(BadInput) as caught:
        settings_of(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/.condarc: {key}"


def test_an_alias_of_the_environment_that_is_no_address_is_told():
    with pytest.raises(BadInput) as caught:
        read_settings({"CONDA_CHANNEL_ALIAS": "a b"})
    assert str(caught.value) == "the environment: CONDA_CHANNEL_ALIAS: expected an address: 'a b' is no address"


@pytest.mark.parametrize("host", ["h:3128", "h", "ann:pw@h:3128"])
def test_a_proxy_without_a_scheme_is_one_of_http(tmp_path, host):
    settings = settings_of(tmp_path, f"proxy_servers: {{http: '{host}', https: 'https://{host}'}}\n")
    assert settings.proxies == {"http": f"http://{host}", "https": f"https://{host}"}
    assert settings.client() is not None


def test_other_keys_of_conda_are_left_to_conda(tmp_path):
    assert settings_of(tmp_path, "channels: [a]\nauto_activate_base: false\n") == CondaSettings()
    assert settings_of(tmp_path, "") == CondaSettings()


def test_proxies_and_certificates_reach_the_client(tmp_path):
    settings = settings_of(tmp_path, "proxy_servers: {https: 'http://proxy.example:3128'}\nssl_verify: false\n")
    assert (settings.proxies, settings.verify_tls) == ({"https": "http://proxy.example:3128"}, False)
    assert type(settings.client()).__name__ == "Client"


@pytest.mark.parametrize(
    ("address", "bare"),
    [
        ("https://user:pw@host.example/a/", "https://host.example/a"),
        ("https://host.example/t/tk-1/a", "https://host.example/a"),
        ("https://host.example/api/t/tk-1/a", "https://host.example/api/a"),
        ("https://host.example/trees/a", "https://host.example/trees/a"),
        ("file:///srv/t/channel", "file:///srv/t/channel"),
        ("file:///srv/channel/", "file:///srv/channel"),
    ],
)
def test_credentials_are_cut_out(address, bare):
    assert without_credentials(address) == bare


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("conda-forge", "conda-forge"),
        ("https://conda.anaconda.org/conda-forge/", "conda-forge"),
        ("http://conda.anaconda.org/pytorch/label/nightly", "pytorch/label/nightly"),
        ("https://mirror.example/conda/conda-forge", "conda-forge"),
        ("https://mirror.example/conda/", "https://mirror.example/conda/"),
        ("https://other.example/conda.anaconda.org/x", "https://other.example/conda.anaconda.org/x"),
        ("file:///srv/channel", "file:///srv/channel"),
    ],
)
def test_an_address_below_the_alias_is_a_channel_by_its_name(tmp_path, written, name):
    settings = settings_of(tmp_path, "channel_alias: https://me:pw@mirror.example/conda/t/tk-1\n")
    assert settings.name_of(written) == name


def test_so_are_the_channels_that_a_name_stands_for(tmp_path):
    text = f"default_channels: ['{DEFAULT_ALIAS}/conda-forge', 'https://own.example/team']\n"
    assert settings_of(tmp_path, text).members("defaults") == ("conda-forge", "https://own.example/team")
