"""Every public name says what it is."""

from tools.docstrings import silent


def test_no_public_name_is_silent():
    assert list(silent()) == []


def test_a_silent_name_is_seen(monkeypatch):
    from invariance.sizes import Window

    monkeypatch.setattr(Window, "remainder", property(lambda self: 0))
    assert list(silent()) == ["invariance.sizes.Window.remainder"]
