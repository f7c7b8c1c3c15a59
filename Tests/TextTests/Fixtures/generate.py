"""Tokens of open_clip's SimpleTokenizer (CLIP's own code) with a small vocabulary made by hand: merges.txt,
expected.json.

    pip install open_clip_torch ftfy regex torch --no-deps; python generate.py

Of the repairs that CLIP leaves to ftfy and html the texts need those only that Diptych does too: composition and
    quotes.
"""

import gzip
import importlib.util
import json
import tempfile
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent

# `a bc` comes after `ab c`: both give abc, whose number is then the later one's. `1 2` can never apply.
MERGES = """t h
th e</w>
i n
in g</w>
c a
ca t</w>
' s</w>
1 2</w>
! !
!! !</w>
Ã ©</w>
a b
b c
ab c
a bc
abc d</w>
o r
or e</w>
l l</w>
' ll</w>
ð Ł
ðŁ ĺ""".split("\n")

TEXTS = [
    "The cat's THE thing",
    "  spaces\t and\nlines \u00a0\u3000 between ",
    "it's we'll they're I've I'm you'd don't",
    "'sun 'S '",
    "12 apples, 3.14",
    "wow!!! what?!?",
    "café É é",
    "x\u00b2 \u00bd \u2167 \u0663",
    "abcd abc abx bcd ab",
    "a\u0301 combining",
    "\U0001f600 emoji \U0001f600\U0001f600",
    "日本語のテキスト",
    "under_score #tag $1.00 (a-b)",
    "",
    "   ",
    "naïve straße",
    "it\u2019s \u2018so\u2019",
    "tab\u2003em",
    "rock 'n' roll 'rep 'vet 'lly",
    "ƛ zero-width\u200djoiner",
    "“quoted” — dash…",
    "the!!!'s cat'''s",
]


def main():
    spec = importlib.util.find_spec("open_clip")
    path = Path(spec.submodule_search_locations[0]) / "tokenizer.py"
    module_spec = importlib.util.spec_from_file_location("tokenizer", path)
    module = importlib.util.module_from_spec(module_spec)
    module_spec.loader.exec_module(module)
    text = "#version: 0.2\n" + "\n".join(MERGES)
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "merges.txt.gz"
        packed.write_bytes(gzip.compress(text.encode()))
        tokenizer = module.SimpleTokenizer(bpe_path=str(packed))
    (HERE / "merges.txt").write_text(text + "\n")
    expected = {
        "versions": {"open_clip_torch": version("open_clip_torch"), "regex": version("regex")},
        "start": tokenizer.sot_token_id,
        "end": tokenizer.eot_token_id,
        "texts": [{"text": each, "tokens": tokenizer.encode(each)} for each in TEXTS],
    }
    lines = ",\n".join("  " + json.dumps(each) for each in expected.pop("texts"))
    head = json.dumps(expected)[:-1]
    (HERE / "expected.json").write_text(f'{head}, "texts": [\n{lines}\n]}}\n')


main()
