"""The installed packages in use, with a folder of made-up installed distributions."""

import importlib
import importlib.util
import json
import sys
import threading
import time
import types

import pytest

from expframe._version import VERSION
from expframe.facts import packages


@pytest.fixture(autouse=True)
def _own_imports(monkeypatch):
    """Forget what a test imported."""
    before = dict(sys.modules)
    yield
    for name in set(sys.modules) - set(before):
        del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Return a folder of installed packages that is on sys.path."""
    folder = tmp_path / "lib" / "site-packages"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(str(folder))
    return folder


def install(site, metadata, files, *, name=None, version="1.0", top_level=None, record=True, direct_url=None):
    """Write a distribution: its metadata folder and its files."""
    folder = site / metadata
    folder.mkdir()
    if name is not None:
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: no\n")
    if top_level is not None:
        (folder / "top_level.txt").write_text("".join(f"{one}\n" for one in top_level))
    if record:
        (folder / "RECORD").write_text("".join(f"{file},sha256=abc,12\n" for file in files))
    if direct_url is not None:
        (folder / "direct_url.json").write_text(json.dumps(direct_url))
    write(site, files)


def write(folder, files):
    """Write empty modules."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()


def used(*names):
    """Import modules and return what is found for them alone, without expframe."""
    for name in names:
        importlib.import_module(name)
    loaded = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in {*tops(names)}}
    found = packages.gather(loaded)
    assert found.pop("expframe") == VERSION
    return found


def tops(names):
    """Return the top-level names of modules."""
    return [name.partition(".")[0] for name in names]


def test_a_package_named_like_its_module_is_found(site):
    """The name of the module is enough, in any spelling; name and version are those of the metadata."""
    install(site, "Made_Up-1.0.dist-info", ["made_up/__init__.py"], name="Made.Up", version="1.0+cu118")

    assert used("made_up") == {"Made.Up": "1.0+cu118"}


def test_a_package_without_metadata_is_named_by_its_folder(site):
    """A distribution whose metadata file is missing has the name and version of its folder."""
    install(site, "made_up-1.2.dist-info", ["made_up.py"])

    assert used("made_up") == {"made-up": "1.2"}


@pytest.mark.parametrize("listed", ["top_level", "record"])
def test_a_package_named_otherwise_is_found_by_what_it_lists(site, listed):
    """A module's owner is found by `top_level.txt`, or by the list of its files: packages and single files."""
    top_level = {"top_level": True}.get(listed)
    for metadata, name, files in (
        ("xscikit_learn-1.9.dist-info", "xscikit-learn", ["xsklearn/__init__.py", "xsklearn/tree.py"]),
        ("xpillow-13.0.dist-info", "xpillow", ["XPIL/__init__.py"]),
        ("xopencv-4.0.dist-info", "xopencv-python", ["xcv2.py"]),
        ("xunused-1.0.dist-info", "xunused", ["xcv2_other.py", "xsk/__init__.py"]),
    ):
        tops = [file.partition("/")[0].partition(".")[0] for file in files[:1]] if top_level else None
        install(site, metadata, files, name=name, top_level=tops, record=not top_level)

    assert used("xsklearn.tree", "XPIL", "xcv2") == {"xopencv-python": "1.0", "xpillow": "1.0", "xscikit-learn": "1.0"}


def test_parts_of_a_namespace_are_packages_of_their_own(site):
    """Of a namespace shared by several distributions only those whose part is imported are found."""
    install(site, "xruamel.yaml-0.19.dist-info", ["xruamel/yaml/__init__.py"], name="xruamel.yaml")
    install(site, "xprotobuf-5.0.dist-info", ["xgoogle/protobuf/__init__.py"], name="xprotobuf")
    install(site, "xstorage-2.0.dist-info", ["xgoogle/cloud/storage/__init__.py"], name="xgoogle-cloud-storage")
    install(site, "xvision-2.0.dist-info", ["xgoogle/cloud/vision/__init__.py"], name="xgoogle-cloud-vision")
    install(site, "xsingle-2.0.dist-info", ["xgoogle/single.py"], name="xsingle")

    found = used("xruamel.yaml", "xgoogle.protobuf", "xgoogle.cloud.storage", "xgoogle.single")

    assert list(found) == ["xgoogle-cloud-storage", "xprotobuf", "xruamel.yaml", "xsingle"]


def test_a_part_of_a_package_is_not_another_package(site):
    """A module inside a package belongs to the package, even if another distribution is called like it."""
    install(site, "xbase-1.0.dist-info", ["xbase/__init__.py", "xbase/extra.py"], name="xbase")
    install(site, "xbase_extra-1.0.dist-info", ["xbase_extra.py"], name="xbase-extra")

    assert used("xbase.extra") == {"xbase": "1.0"}


def test_egg_info_is_metadata_too(site):
    """Older installs, with a folder or a single file of metadata, are found with their version."""
    folder = site / "xold-2.0-py3.11.egg-info"
    folder.mkdir()
    (folder / "PKG-INFO").write_text("Name: Xold\nVersion: 2.0\n")
    (folder / "top_level.txt").write_text("xolder\n")
    (site / "xdistro-3.1.egg-info").write_text("Metadata-Version: 1.1\nName: xdistro\nVersion: 3.1\n")
    write(site, ["xolder/__init__.py", "xdistro.py"])

    assert used("xolder", "xdistro") == {"xdistro": "3.1", "Xold": "2.0"}


@pytest.mark.parametrize("on_path", [True, False], ids=["pth", "finder"])
def test_an_editable_install_is_found_by_its_folder(site, tmp_path, monkeypatch, on_path):
    """A module from the folder that an editable install points to belongs to it."""
    project = tmp_path / "my project"
    write(project, ["src/xmine_module/__init__.py"])
    url = {"url": project.as_uri(), "dir_info": {"editable": True}}
    install(site, "xmine-0.3.dist-info", [], name="xmine", version="0.3", direct_url=url)
    other = {"url": (tmp_path / "other").as_uri(), "dir_info": {"editable": True}}
    install(site, "xother-0.3.dist-info", [], name="xother", direct_url=other)
    if on_path:
        monkeypatch.syspath_prepend(str(project / "src"))
    else:
        file = project / "src" / "xmine_module" / "__init__.py"
        spec = importlib.util.spec_from_file_location("xmine_module", file)
        sys.modules["xmine_module"] = importlib.util.module_from_spec(spec)

    script = types.ModuleType("__main__")
    script.__file__ = str(tmp_path / "other" / "train.py")

    assert used("xmine_module") == {"xmine": "0.3"}
    assert packages.gather({"__main__": script}) == {"expframe": VERSION}


def test_a_project_installed_for_development_is_found(tmp_path, monkeypatch):
    """Metadata beside the sources, on sys.path, are an install as well."""
    (tmp_path / "xdevelop.egg-info").mkdir()
    (tmp_path / "xdevelop.egg-info" / "PKG-INFO").write_text("Name: xdevelop\nVersion: 0.1\n")
    write(tmp_path, ["xdevelop/__init__.py"])
    monkeypatch.syspath_prepend(str(tmp_path))

    assert used("xdevelop") == {"xdevelop": "0.1"}


def test_the_project_and_the_standard_library_are_no_packages(site, tmp_path, monkeypatch):
    """Modules of the script's own folder, of the standard library and built in have no distribution."""
    install(site, "xtools-1.0.dist-info", ["xother.py"], name="xtools")
    write(tmp_path / "project", ["xtools/__init__.py", "xtrain.py"])
    monkeypatch.syspath_prepend(str(tmp_path / "project"))

    assert used("xtools", "xtrain", "json.decoder", "sys", "zlib", "_json") == {}


def test_what_is_not_imported_is_not_used(site):
    """An installed package that nobody imported is not found."""
    install(site, "xunused-1.0.dist-info", ["xunused.py"], name="xunused")

    assert "xunused" not in packages.gather()


def test_the_packages_of_this_process_are_found():
    """Without an argument it is what this very process has imported, sorted without regard to case."""
    importlib.import_module("ruamel.yaml")
    found = packages.gather()

    assert found["pytest"] == pytest.__version__
    assert "ruamel.yaml" in found
    assert found["expframe"] == VERSION
    assert list(found) == sorted(found, key=str.casefold)


def test_odd_modules_break_nothing(site):
    """Lazy modules are not woken, and objects that are no modules, or lie, are passed over."""
    install(site, "xlazy-1.0.dist-info", ["xlazy.py"], name="xlazy")

    class Lazy(types.ModuleType):
        def __getattribute__(self, name):
            raise AssertionError("woken")

    lazy = Lazy("xlazy")
    object.__getattribute__(lazy, "__dict__")["__file__"] = str(site / "xlazy.py")
    liar = types.ModuleType("xliar")
    liar.__file__ = 7
    odd = {"xlazy": lazy, "xliar": liar, "xnone": None, "xnumber": 3, "": types.ModuleType("")}

    assert packages.gather(odd) == {"expframe": VERSION, "xlazy": "1.0"}


def test_damaged_metadata_break_nothing(site):
    """A distribution that cannot be read is told as far as it can be, and hides no other."""
    install(site, "xgood-1.0.dist-info", ["xgood.py"], name="xgood")
    install(site, "xbad-2.0.dist-info", ["xbad.py"])
    (site / "xbad-2.0.dist-info" / "METADATA").write_bytes(b"\xff\xfe\x00 nothing: \xe9\n")
    (site / "xbad-2.0.dist-info" / "direct_url.json").write_text('{"dir_info": {"editable": true}')
    (site / ".dist-info").mkdir()
    (site / "-.dist-info").touch()

    assert used("xgood", "xbad") == {"xbad": "2.0", "xgood": "1.0"}


def test_imports_in_another_thread_do_not_disturb():
    """While another thread imports and forgets modules, the packages are found all the same."""
    stop = threading.Event()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def churn():
        number = 0
        while not stop.is_set():
            number = (number + 1) % 5000
            sys.modules[f"xchurn{number}"] = types.ModuleType("xchurn")
            sys.modules.pop(f"xchurn{(number * 7) % 5000}", None)

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        found = [packages.gather() for _ in range(6)]
    finally:
        sys.setswitchinterval(interval)
        stop.set()
        thread.join()

    assert all("pytest" in one for one in found)


def test_hundreds_of_installed_packages_cost_little(site, monkeypatch):
    """No list of files is read while names and `top_level.txt` tell enough, and a call takes milliseconds."""
    for number in range(400):
        install(site, f"xmany{number}-1.0.dist-info", [f"xmany{number}.py"], name=f"xmany{number}")
    install(site, "xnamed-1.0.dist-info", ["xnamed.py"], name="xnamed")
    install(site, "xother-1.0.dist-info", ["xtop.py"], name="xother", top_level=["xtop"])
    read = []
    monkeypatch.setattr(packages._Distribution, "record", lambda self: read.append(self.name) or b"")
    best = min(timed(lambda: used("xnamed", "xtop")) for _ in range(5))

    assert used("xnamed", "xtop") == {"xnamed": "1.0", "xother": "1.0"}
    assert read == []
    assert best < 0.2


def timed(function):
    """Return the seconds of a processor that a call takes."""
    start = time.process_time()
    function()
    return time.process_time() - start
