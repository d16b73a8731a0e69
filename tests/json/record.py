"""Records what Python's `json` and JavaScript's `JSON` do with small texts, into recorded.json.

    python3.11 tests/json/record.py        needs node 20

`verdicts`: whether each of them reads the text. Python is given the UTF-8 bytes, as from a file.
`writings`: what `json.dumps(value, indent=2)` and `JSON.stringify(value)` write of the same value.
"""

import itertools
import json
import pathlib
import platform
import subprocess

EMPTY = ["", " ", "\n", "\t\r\n ", "\ufeff", "\ufeff ", "\0", "\x0b", "\x0c1", "\u00a01", "\u20281", "1\u3000"]
WORDS = ["null", "true", "false", "nul", "nulll", "Null", "TRUE", "True", "None", "undefined", "tru", "t", "nan", "NaN", "Nan", "NaN1",
         "Infinity", "-Infinity", "+Infinity", "Inf", "inf", "-Inf", "--Infinity", "-NaN", "[NaN]", "[NaN, Infinity, -Infinity]", "{\"a\": NaN}",
         "{NaN: 1}", "Infinit", "-", "-I", "[-]", "infinity"]
NUMBERS = ["0", "-0", "-0.0", "00", "01", "-01", "1", "+1", "1.", ".1", "-.1", "1.0", "1.e1", "1e", "1e+", "1e1", "1E+1", "1e-01", "1e1.5", "0e0",
           "0x10", "1_000", "1,000", "1 000", "0.1e", "1ee1", "1e++1", "--1", "1e400", "-1e400", "1" * 40, "0." + "1" * 40, "1a", "1\"", "1[", "1{",
           "\uff11", "1.0f", "0b1", "0o7", "1n", "-a", "9007199254740993", "123456789012345678901234567890.5e-3"]
STRINGS = ['""', '"', '"a', "'a'", '"\\"', '"\\', '"\\a"', '"\\x41"', '"\\0"', '"\\\'"', '"\\/"', '"\\b\\f\\n\\r\\t\\"\\\\"', '"\\v"', '"\\u"', '"\\u1"', '"\\u12"',
           '"\\u123"', '"\\u1234"', '"\\u12345"', '"\\u00zz"', '"\\uD8 0"', '"\\u 041"', '"\\u+041"', '"\\u0x41"', '"\\u-041"', '"\\u1_23"', '"\\U0041"', '"\\u{41}"',
           '"\\N"', '"\\\n"', '"\t"', '"\n"', '"\r"', '"\0"', '"\x1f"', '"\x7f"', '"\x80"', '"\u2028"', '"\ufeff"', '"\uffff"', '"\U0010ffff"', '"a""b"', '"a" "b"',
           '"\\uD800\\', '"\\uD800\\u"', '"\\uD800\\uD"', '"\\uD800\\uZZZZ"', '"\\ud800\\n"', '"\\uff11"', '"\\u\uff11111"', '"\\\u00e9"', '`a`']
ARRAYS = ["[]", "[ ]", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1,,2]", "[1 2]", "[1;2]", "[1:2]", "[1}", "[}", "[[]", "[]]", "[[],[]]", "[1,2] ", "[] []", "[],",
          "[\n1\t,\r2 ]", "[\x0c1]", "[1\x0b]", "[...]", "[1/**/]", "[//\n1]", "[1#\n]", "(1)", "[\ufeff1]", "[1]\ufeff", "[\"a\"]x", "[undefined]", "[\"\\ud800\"]", "\ufeff[]", " \ufeff[]"]
OBJECTS = ["{}", "{ }", "{", "}", '{"a":1}', '{"a":1,}', '{"a":1,,"b":2}', '{,"a":1}', '{"a"}', '{"a":}', '{"a" 1}', '{"a"::1}', '{"a":1 "b":2}', '{"a":1;"b":2}', "{a:1}",
           "{'a':1}", "{1:1}", "{null:1}", '{"a":1}}', '{"a":1]', '{"a":1', '{"a":', '{"a"', '{"a', '{"":0}', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"\\ud800":1}',
           '{"__proto__":1}', '{ "a" : 1 , "b" : [ ] }', '{"a":1} // end', '{/**/}', '{"a":1}\0', '{[]:1}', '{"a":{"b":{"c":[{}]}}}', '{"a"=1}', '{"a"=>1}', '{}{}', '{} 1']

HALVES = ["\\ud83d", "\\ude00", "\\uD83D", "\\uDE00", "\\ud800", "\\udfff", "a", "\\u0061", "\\n", "\u00e9"]
WRITINGS = [
    "0", "-1", "true", "false", "null", '""', "[]", "{}", "[[]]", "[{}]", '{"a":{}}', '{"a":[]}', "[1,[2,[3,{}]],{}]", '{"a":1,"b":{"c":[true,false,null]},"d":""}',
    '[[],[[]],[[],[]],{"":{"":[]}}]', '{"k\\u00e9y":"v\\u00e4l","\\n\\"":"\\\\"}', '"\\/"', '"\\u002F\\u005c\\u0022\\u0041\\u007e\\u007f\\u0080"', '"\\u000A\\u000a\\u0008\\u000c\\u000d\\u0009\\u000B\\u001F"',
    '"\\u00E9\\u2028\\u2029\\uFEFF\\uFFFD\\uFFFE\\uFFFF"', '"\u00e9\u2028\u2029\ufeff\ufffd\ufffe\uffff\U00010000\U0010ffff"',
    json.dumps("".join(map(chr, range(0x300)))), json.dumps("".join(map(chr, range(0x300))), ensure_ascii=False),
    json.dumps([chr(unit) + "x" for unit in (0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF)]),
    json.dumps({"arguments": json.dumps({"note": json.dumps(["a\n", "\u6ce8\u6587 \U0001f600"])})}),
    json.dumps(["plain " * 20 + mark + " plain" * 20 for mark in ("\"", "\\", "\n", "\x7f", "\u00e9", "\U0001f600", "\ud800")]),
] + ['"' + "".join(halves) + '"' for count in (1, 2, 3) for halves in itertools.product(HALVES if count < 3 else HALVES[:4], repeat=count)]

NODE = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const reads = (text) => { try { JSON.parse(text); return true; } catch { return false; } };
const writings = cases.writings.map((text) => JSON.stringify(JSON.parse(text)));
console.log(JSON.stringify({ verdicts: cases.verdicts.map(reads), writings, version: process.version }));
"""


def reads(text):
    try:
        json.loads(text.encode())
        return True
    except (ValueError, RecursionError):
        return False


verdicts = EMPTY + WORDS + NUMBERS + STRINGS + ARRAYS + OBJECTS
cases = json.dumps({"verdicts": verdicts, "writings": WRITINGS})
answer = subprocess.run(["node", "-e", NODE], input=cases, capture_output=True, text=True, check=True)
node = json.loads(answer.stdout)

lines = [json.dumps({"text": text, "python": reads(text), "javascript": verdict}) for text, verdict in zip(verdicts, node["verdicts"], strict=True)]
written = [
    json.dumps({"text": text, "python": json.dumps(json.loads(text), indent=2), "javascript": line})
    for text, line in zip(WRITINGS, node["writings"], strict=True)
]
versions = {"python": platform.python_version(), "node": node["version"]}
pathlib.Path(__file__).with_name("recorded.json").write_text(
    '{"versions": %s,\n"verdicts": [\n%s\n],\n"writings": [\n%s\n]}\n' % (json.dumps(versions), ",\n".join(lines), ",\n".join(written))
)
