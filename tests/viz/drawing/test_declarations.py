"""Options, styles and formats: each is one entry, from which all else is made."""

import inspect
import shutil

import pytest
from graphs import apple_bill, differentiated

import viz
from viz import STYLES, THEMES, OptionError, draw, save
from viz.cli import PROGRAM, main
from viz.drawing.draw import DIFF
from viz.film.animate import FILM
from viz.film.animate import FORMATS as FILM_FORMATS
from viz.formats.save import FORMATS, SAVE
from viz.notebook.widget import WIDGET
from viz.page.explore import PAGE
from viz.style.options import DRAW
from viz.style.schema import Schema

SCHEMAS = {schema.function: schema for schema in (DRAW, SAVE, DIFF, FILM, PAGE, WIDGET)}


@pytest.mark.parametrize("name", SCHEMAS)
def test_signature_and_help_show_every_option_with_its_default(name):
    function, schema = getattr(viz, name), SCHEMAS[name]
    parameters = inspect.signature(function).parameters
    shown = {p.name: p.default for p in parameters.values()}
    text = " ".join(inspect.getdoc(function).split())
    for option, declared in schema.options.items():
        assert shown[option] == declared.default
        assert f"{option} = {declared.default!r}: {declared.help}" in text
    assert not shown.keys() & schema.without.keys()


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_every_option_has_a_sentence_and_a_default_that_is_allowed(schema):
    given = {name: option.default for name, option in schema.options.items()}
    assert schema.complete(given) == given == schema.complete({})
    for option in schema.options.values():
        assert len(option.help.split()) > 1


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_unknown_option_is_an_error_that_names_the_nearest(name, tmp_path):
    x = differentiated(apple_bill())
    operands = {
        "save": (x, tmp_path / "x.svg"),
        "animate": (x, tmp_path / "x.gif"),
        "explore": (x, tmp_path / "x.html"),
        "draw_diff": (x, x),
    }
    with pytest.raises(OptionError, match=rf"them= is no option of {name}.*theme=\?"):
        getattr(viz, name)(*operands.get(name, (x,)), them="dark")
    assert not list(tmp_path.iterdir())


def test_a_new_option_is_one_entry():
    """What is declared is checked, completed and explained, with nothing else to do."""
    from viz.checks import whole_number
    from viz.style.schema import Option

    schema = Schema(
        "sketch", {"wobble": Option(3, "how much", whole_number(0, 9), int)}
    )

    @schema.document
    def sketch(**options):
        """Sketch."""
        return schema.complete(options)

    assert sketch() == {"wobble": 3}
    assert str(inspect.signature(sketch)) == "(*, wobble: int = 3)"
    assert "wobble = 3: how much" in sketch.__doc__
    with pytest.raises(OptionError, match="wobble=10: give a whole number from 0 to 9"):
        sketch(wobble=10)
    with pytest.raises(OptionError, match="Did you mean wobble="):
        sketch(wobbel=1)


@pytest.mark.parametrize(
    ("name", "schema"), [("draw", SAVE), ("animate", FILM), ("explore", PAGE)]
)
def test_the_command_line_has_the_options_of_the_function(name, schema):
    flags = {flag for param in PROGRAM.commands[name].params for flag in param.opts}
    for option in schema.options:
        if option != "highlight":  # Values, which nobody can type
            assert f"--{option.replace('_', '-')}" in flags


def test_styles_and_themes_are_listed_wherever_they_can_be_chosen(capsys):
    shown = helped(capsys, "draw")
    for known in (STYLES, THEMES):
        assert f"[{'|'.join(known)}]" in shown
        assert ", ".join(f'"{name}"' for name in known) in " ".join(
            draw.__doc__.split()
        )
        assert all(name == each.name for name, each in known.items())


def helped(capsys, name):
    assert main([name, "--help"]) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("name", "formats"), [("draw", FORMATS), ("animate", FILM_FORMATS)]
)
def test_the_command_line_lists_the_formats(name, formats, capsys):
    endings = ", ".join(f".{suffix}" for suffix in formats)
    assert f"ends in {endings}; " in helped(capsys, name)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_written_and_is_text_unless_it_says_otherwise(suffix, tmp_path):
    assert f"{', '.join(FORMATS[suffix].suffixes)}: {FORMATS[suffix].about}" in (
        save.__doc__
    )
    if suffix == "pdf" and not shutil.which("dot"):
        pytest.skip("a pdf needs Graphviz")
    path = save(differentiated(apple_bill()), tmp_path / f"bill.{suffix}")
    data = path.read_bytes()
    assert data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        assert FORMATS[suffix].binary
    else:
        assert not FORMATS[suffix].binary
        assert "apple" in text
