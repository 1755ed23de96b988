"""Labels as mathematics in a .tex, when that is asked for, and no command besides."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value
from viz import OptionError, save
from viz.formats.latex_math import set_math

FORMULAS = [r"$\sigma$", r"$\hat\sigma^2$", r"$\frac{\partial L}{\partial w_{12}}$",
            r"$\sqrt{x'_1}$", r"$x_\alpha^2$", r"$\mathbf{W}^\top x + b$", "$f(x)$",
            r"$\sum_{i=1}^n x_i$", "$a$"]  # fmt: skip
NAMES = {
    "w_1": "$w_{1}$",
    "x^2": "$x^{2}$",
    "W_12": "$W_{12}$",
    "h_t": "$h_{t}$",
    "loss_total": r"$\mathrm{loss}_{\mathrm{total}}$",
    "θ_0": r"$\theta_{0}$",
    "layer 2 › w_1": r"layer 2 $\triangleright$ $w_{1}$",
    "50 %": r"50 \%",
    "w": "w",
    "snake_case_name": r"$\mathrm{snake}_{\mathrm{case\_name}}$",
    "_": r"\_",
}
NOT_FORMULAS = [r"$\input{/etc/passwd}$", r"$\write18{ls}$", r"$\def\x{}$", "$x^$",
                "$a_b_c$", "$x^2'$", "${$", "$}$", "$_1$", r"$\frac{a}$", r"$x_\hat y$",
                r"$\hat$", "$#$", "$a%b$", "$a&b$", r"$\\$", "$$", "$", r"$a\ $",
                "$~$", "$\x00$", "$é$"]  # fmt: skip


@pytest.mark.parametrize("label", FORMULAS)
def test_a_formula_goes_through_as_it_is(label):
    assert set_math(label) == label


@pytest.mark.parametrize("label", NAMES)
def test_an_index_is_an_index(label):
    assert set_math(label) == NAMES[label]


@pytest.mark.parametrize("label", NOT_FORMULAS)
def test_what_is_no_formula_is_text(label):
    assert set_math(label).count("$") == set_math(label).count(r"\$")


def write(tmp_path, labels, **options):
    leaves = [Value(float(i), label=label) for i, label in enumerate(labels)]
    out = leaves[0]
    for leaf in leaves[1:]:
        out = out * leaf
    path = tmp_path / "labels.tex"
    save(out, path, **options)
    return path


def test_all_of_them_compile(tmp_path, latex):
    path = write(tmp_path, [*FORMULAS, *NAMES, *NOT_FORMULAS], math=True)
    run = [
        latex,
        "-interaction=nonstopmode",
        "-halt-on-error",
        "-no-shell-escape",
        path,
    ]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-800:]


@given(st.text(r"$\{}_^'xab12 ", max_size=12))
def test_whatever_is_set_has_its_braces_and_dollars_in_pairs(text):
    written = set_math(text).replace(r"\{", "").replace(r"\}", "").replace(r"\$", "")
    assert written.count("$") % 2 == 0
    depth = 0
    for c in written:
        depth += {"{": 1, "}": -1}.get(c, 0)
        assert depth >= 0
    assert depth == 0


def test_it_is_text_unless_it_is_asked_for(tmp_path):
    text = write(tmp_path, ["w_1", r"$\sigma$"]).read_text(encoding="utf-8")
    assert r"{w\_1}" in text and r"{\$\textbackslash{}sigma\$}" in text
    text = write(tmp_path, ["w_1", r"$\sigma$"], math=True).read_text(encoding="utf-8")
    assert "{$w_{1}$}" in text and r"{$\sigma$}" in text
    with pytest.raises(OptionError, match="math='1'"):
        write(tmp_path, ["w_1", "x"], math="1")
