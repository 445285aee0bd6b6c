/// Every kind of mistake, with its line and how its message begins.
extension TOMLCase {
    static let invalid =
        lines + keys + strings + escapes + numbers + times + arrays + inlineTables + headers + doubleTables + dottedKeys
        + depths + foundByTheFuzzer

    private static let lines: [TOMLCase] = [
        .init("a = 1 b = 2", "1: b stands where the line has to end"),
        .init("[a] b = 1", "1: b stands where the line has to"),
        .init("a = 'b' 'c'", "1: ' stands where the line has to end"),
        .init("[a]]", "1: ] stands where the line has to end"),
        .init("a = 1\rb = 2", "1: a carriage return has no line feed"),
        .init("a = 1\n\r", "2: a carriage return has no line"),
        .init("a = 1\n# \u{1}", "2: a comment holds the control character U+0001"),
        .init("# \u{7F}", "1: a comment holds the control character U+007F"),
        .init("# a\rb", "1: a comment holds the control character U+000D"),
        .init("\u{0}", "1: U+0000 begins no key"), .init("\u{FEFF}\u{FEFF}", "1: \\u{FEFF} begins no key"),
        .init("a = 1\u{0C}", "1: U+000C stands where the line has to end"),
        .init("\u{A0}a = 1", "1: \u{A0} begins no key"),
        .init("é = 1", "1: é begins no key"), .init("\u{1B}[2J = 1", "1: U+001B begins no key"),
        .init("// x", "1: / begins no key"), .init("]", "1: ] begins no key"), .init("{}", "1: { begins no key"),
    ]

    private static let keys: [TOMLCase] = [
        .init("= 1", "1: = has no key before it: write key = value"), .init("a", "1: no = after the key a: write a ="),
        .init("\na\n= 1", "2: no = after the key a"), .init("a b = 1", "1: no = after the key a"),
        .init("a: 1", "1: no = after the key a"), .init("a.b", "1: no = after the key a.b"),
        .init("a. = 1", "1: = stands where a name has to follow a."), .init(".a = 1", "1: . begins no key"),
        .init("a..b = 1", "1: . stands where a name has to follow a."),
        .init("a.\nb = 1", "1: the end of the line stands"),
        .init("a.", "1: the end of the file stands where a name has to follow a."),
        .init("'a = 1", "1: the string has no closing quote"),
        .init("\"a\nb\" = 1", "1: the string has no closing quote"),
        .init("\"\"\"a\"\"\" = 1", "1: no = after the key \"\""), .init("'a'b = 1", "1: no = after the key a"),
        .init("a'b' = 1", "1: no = after the key a"), .init("\"\\q\" = 1", "1: \\ before q means nothing"),
        .init("a = 1\na = 2", "2: the key a is there twice (first in line 1)"),
        .init("'a' = 1\n\n\"\\u0061\" = 2", "3: the key a is there twice (first in line 1)"),
        .init("[x]\na.b = 1\na.b = 2", "3: the key a.b is there twice (first in line 2)"),
        .init("a b", "1: no = after the key a"), .init("a =", "1: a key has no value behind its ="),
        .init("a = # b\n1", "1: a key has no value behind its ="),
        .init("a = \n1", "1: a key has no value behind its ="),
        .init("a = = 1", "1: = stands where a value has to stand"), .init("a == 1", "1: = stands where a value"),
        .init("a = }", "1: } stands where a value has to stand"),
        .init("a = b", "1: b is no value: write a string in quotes"),
        .init("a = /b", "1: / stands where a value has to stand: write a string in quotes"),
        .init("a = True", "1: True is no value"), .init("a = truex", "1: truex is no value"),
        .init("a = falsee", "1: falsee"),
        .init("a = é", "1: é stands where a value has to stand"), .init("a = Infinity", "1: Infinity is no value"),
    ]

    private static let strings: [TOMLCase] = [
        .init("a = 'b", "1: the string has no closing quote"),
        .init("a = \"b\n\"", "1: the string has no closing quote"),
        .init("a = 'b\r\n'", "1: the string has no closing quote"),
        .init("a = \"b\\\"", "1: the string has no closing"),
        .init("\na = '''\nb\n", "2: the string has no closing '''"),
        .init("a = \"\"\"b\"\"", "1: the string has no closing \"\"\""),
        .init("a = \"\"\"\\\"\"\"", "1: the string has no closing \"\"\""),
        .init("a = '''b''''''", "1: ' stands where the line has to end"),
        .init("a = \"\"\"b\"\"\"\"\"\"", "1: \" stands where the line has to end"),
        .init("a = '\u{1F}'", "1: a string holds the control character U+001F: write it as an escape"),
        .init("a = \"\u{0}\"", "1: a string holds the control character U+0000"),
        .init("a = '\r'", "1: a string holds the control character U+000D"),
        .init("a = '''\n\u{7F}'''", "2: a string holds the control character U+007F"),
        .init("a = \"\"\"\n\rb\"\"\"", "2: a string holds the control character U+000D"),
        .init("a = '''\r'''", "1: a carriage return has no line feed"),
    ]

    private static let escapes: [TOMLCase] = [
        .init(#"a = "\q""#, "1: \\ before q means nothing: write \\\\"),
        .init(#"a = "\ b""#, "1: \\ before   means nothing"),
        .init(#"a = "\x41""#, "1: \\ before x means nothing"), .init(#"a = "\e""#, "1: \\ before e means nothing"),
        .init("a = \"\\\n\"", "1: \\ before the end of the line means nothing"),
        .init("a = \"\\", "1: \\ before the end of the file means nothing"),
        .init("a = \"\"\"\n\\ b\"\"\"", "2: \\ before   means nothing"),
        .init(#"a = "\u00e""#, "1: \\u has 3 hexadecimal digits behind it: write 4"),
        .init(#"a = "\u""#, "1: \\u has 0 hexadecimal digits behind it"),
        .init(#"a = "\u+123""#, "1: \\u has 0 hexadecimal digits behind it"),
        .init(#"a = "\U0001F60""#, "1: \\U has 7 hexadecimal digits behind it: write 8"),
        .init(#"a = "\uD800""#, "1: \\uD800 is no character of Unicode"),
        .init(#"a = "\uDFFF""#, "1: \\uDFFF is no character of Unicode"),
        .init(#"a = "\U00110000""#, "1: \\U00110000 is no character"),
        .init(#"a = "\UFFFFFFFF""#, "1: \\UFFFFFFFF is no"),
    ]

    private static let numbers: [TOMLCase] =
        [
            "1__0", "1_", "+_1", "-", "+", "--1", "++1", "+-1", "1.", "1.e5", ".5", "-.5", "+.5", "1e", "1e+", "1e5.0",
            "1e_5",
            "1e5_", "1._5", "1.5_", "1_.5", "1.2.3", "0x", "0xG", "0x_1", "0x1_", "0x1__2", "0b2", "0o8", "0b", "+0x1",
            "-0b1",
            "1a", "0X1", "1,5", "1e5e5", "0x1.8p1", "+inf2", "-Inf", "-nan0", "+true",
        ].map {
            .init("a = \($0)", $0 == "1,5" ? "1: , stands where the line has to end" : "1: \($0) is no number: write")
        } + [
            .init("a = 01", "1: 01 begins with 0: write the number without it"),
            .init("a = -00", "1: -00 begins with 0"),
            .init("a = 03.5", "1: 03.5 begins with 0"), .init("a = 0_1", "1: 0_1 begins with 0"),
            .init("a = _1", "1: _1 is no number"), .init("a = 1 2", "1: 2 stands where the line has to end"),
            .init("a = 9223372036854775808", "1: 9223372036854775808 is not between -9223372036854775808 and"),
            .init("a = -9223372036854775809", "1: -9223372036854775809 is not between"),
            .init("a = 0x8000000000000000", "1: 0x8000000000000000 is not between"),
            .init(
                "a = " + String(repeating: "9", count: 5000), "1: " + String(repeating: "9", count: 60) + "... is not"),
            .init("a = inf2", "1: inf2 is no value"), .init("a = NaN", "1: NaN is no value"),
        ]

    private static let times: [TOMLCase] =
        [
            "1979-13-01", "1979-00-01", "1979-05-00", "1979-05-32", "1979-04-31", "2023-02-29", "1900-02-29",
            "1979-5-27",
            "1979-05-2", "1979-05-27T", "1979-05-27T07", "1979-05-27T07:32", "1979-05-27T24:00:00",
            "1979-05-27T07:60:00",
            "1979-05-27T07:32:61", "1979-05-27T07:32:00.", "1979-05-27T07:32:00+", "1979-05-27T07:32:00+07",
            "1979-05-27T07:32:00+24:00", "1979-05-27T07:32:00-07:60", "1979-05-27T07:32:00ZZ", "1979-05-27x07:32:00",
            "07:32", "7:32:00", "24:00:00", "07:60:00", "07:32:00Z", "07:32:00.", "07:32:0", "07:32:00-07:00",
            "1979-05",
            "1979-05-27 6", "1979-05-27 07:32", "1979-05-27T 07:32:00",
        ].map { text in
            switch text {
            case "7:32:00": .init("a = \(text)", "1: 7:32:00 is no number")
            case "1979-05-27T 07:32:00": .init("a = \(text)", "1: 1979-05-27T is no date or time")
            default: .init("a = \(text)", "1: \(text) is no date or time: write 1979-05-27T07:32:00Z")
            }
        } + [.init("a = 1979-05-27  07:32:00", "1: 07 stands where the line has to end")]

    private static let arrays: [TOMLCase] = [
        .init("a = [", "1: the array has no ] at its end"), .init("\na = [1,\n2\n", "2: the array has no ] at its end"),
        .init("a = [,]", "1: an array has a comma with no value before it"),
        .init("a = [1,,2]", "1: an array has a comma with"),
        .init("a = [1\n2]", "2: 2 stands where the array of line 1 has to go on: write , or ]"),
        .init("a = [1,\n\nb = 2", "3: b is no value"),
        .init("a = ['b'\nc = 1", "2: c stands where the array of line 1 has to"),
        .init("a = [ }", "1: an array ends with }: write ]"), .init("a = [1\n}", "2: an array ends with }: write ]"),
        .init("a = [1 }", "1: an array ends with }: write ]"),
        .init("a = []]", "1: ] stands where the line has to end"),
        .init("a = [\r]", "1: a carriage return has no line feed"),
        .init("a = [ # \u{0}\n]", "1: a comment holds the control"),
        .init("a = [=]", "1: = stands where a value has to stand"), .init("a = [b = 1]", "1: b is no value"),
    ]

    private static let inlineTables: [TOMLCase] = [
        .init("a = {", "1: an inline table has no } in its line"),
        .init("a = {\n}", "1: an inline table has no } in its line"),
        .init("a = {b = 1\n}", "1: an inline table has no } in its line"),
        .init("a = {b = 1,\nc = 2}", "1: an inline table has"),
        .init("a = {b = 1 # c\n}", "1: an inline table has no }"),
        .init("a = {b = [\n1]\n}", "2: an inline table has no }"),
        .init("a = {b = 1,}", "1: an inline table has no comma before its }"), .init("a = {,}", "1: , begins no key"),
        .init("a = {b = 1,,c = 2}", "1: , begins no key"),
        .init("a = {b = 1 c = 2}", "1: c stands where an inline table has to"),
        .init("a = {b = 1]", "1: an inline table ends with ]: write }"),
        .init("a = {]", "1: an inline table ends with ]"),
        .init("a = {b}", "1: no = after the key b"), .init("a = {b = }", "1: } stands where a value has to stand"),
        .init("a = {b = 1}}", "1: } stands where the line has to end"), .init("a = {1}", "1: no = after the key 1"),
        .init("a = {b = 1, b = 2}", "1: the key b is there twice"),
        .init("a = {b.c = 1, b = 2}", "1: the key b is there twice"),
        .init("a = {b = 1, b.c = 2}", "1: b has a value (line 1): no key can lie in it"),
        .init("a = {b = {c = 1}, b.d = 2}", "1: b has a value (line 1): no key can lie in it"),
        .init("a = {}\na.b = 1", "2: a has a value (line 1): no key can lie in it"),
        .init("a = {b.c = 1}\na.b.d = 2", "2: a has a value (line 1)"),
        .init("a = {}\n[a]", "2: a has a value (line 1): no header"),
        .init("a = {}\n[a.b]", "2: a has a value (line 1): no table can lie in it"),
        .init("[a]\nb = {}\n[a.b.c]", "3: a.b has a value (line 2): no table can lie in it"),
        .init("a = {}\n[[a]]", "2: a has a value (line 1): [[a]] cannot add to it"),
        .init("a = {}\n[[a.b]]", "2: a has a value (line 1): no table can lie in it"),
    ]

    private static let headers: [TOMLCase] = [
        .init("[]", "1: a table's header has no name: write [name] or [[name]]"),
        .init("[", "1: a table's header has no name"),
        .init("[[]]", "1: a table's header has no name"), .init("[ [a]]", "1: a table's header has no name"),
        .init("[.a]", "1: a table's header has no name"), .init("[\na]", "1: a table's header has no name"),
        .init("[é]", "1: a table's header has no name"), .init("[[", "1: a table's header has no name"),
        .init("[a.]", "1: ] stands where a name has to follow a."),
        .init("[a..b]", "1: . stands where a name has to follow"),
        .init("[a", "1: the header of a goes on with the end of the file: it has to end with ]"),
        .init("[a\n]", "1: the header of a goes on with the end of the line"),
        .init("[a b]", "1: the header of a goes on with b"),
        .init("[a # b\n]", "1: the header of a goes on with #"),
        .init("[[a]", "1: the header of a goes on with ]: it has to end with ]]"),
        .init("[[a] ]", "1: the header of a goes on with ]"), .init("[a[b]]", "1: the header of a goes on with ["),
        .init("['a]", "1: the string has no closing quote"), .init("[a=1]", "1: the header of a goes on with ="),
    ]

    private static let doubleTables: [TOMLCase] = [
        .init("[a]\n[a]", "2: the table a is there twice (first in line 1)"),
        .init("[a]\n[b]\n['a']", "3: the table a is there twice (first in line 1)"),
        .init("[a.b]\n[a]\n[a.b]", "3: the table a.b is there twice (first in line 1)"),
        .init("[a.b]\n[a]\n\n[a]", "4: the table a is there twice (first in line 2)"),
        .init("a = 1\n[a]", "2: a has a value (line 1): no header can open it"),
        .init("a = 1\n[a.b]", "2: a has a value (line 1): no table can lie in it"),
        .init("a = []\n[[a]]", "2: a has a value (line 1): [[a]] cannot add to it"),
        .init("a = [{}]\n[[a]]", "2: a has a value (line 1): [[a]] cannot"),
        .init("a = [{}]\n[a.b]", "2: a has a value (line 1)"),
        .init("[[a]]\n[a]", "2: a is an array of tables (line 1): write [[a]]"),
        .init("[a]\n[[a]]", "2: a is a table (line 1): [[a]] cannot add to it"),
        .init("[a.b]\n[[a]]", "2: a is a table (line 1): [[a]] cannot add to it"),
        .init("[[a.b]]\n[a.b]", "2: a.b is an array of tables (line 1): write [[a.b]]"),
        .init("[[a.b]]\n[[a]]", "2: a is a table (line 1): [[a]] cannot add to it"),
        .init("[[a]]\n[a.b]\n[a.b]", "3: the table a.b is there twice (first in line 2)"),
        .init("[[a]]\n[a.b]\n[[a.b]]", "3: a.b is a table (line 2)"),
        .init("[[a]]\nb = 1\n[a.b]", "3: a.b has a value (line 2)"),
        .init("[a]\nb = 1\n[a.b]", "3: a.b has a value (line 2)"),
        .init("[a]\nb = 1\n[a.b.c]", "3: a.b has a value (line 2)"),
        .init("[a.b]\n[a]\nb = 1", "3: the key b is there twice (first in line 1)"),
        .init("[[a.b]]\n[a]\nb = 1", "3: the key b is there twice (first in line 1)"),
    ]

    private static let dottedKeys: [TOMLCase] = [
        .init("a = 1\na.b = 2", "2: a has a value (line 1): no key can lie in it"),
        .init("a.b = 1\na.b.c = 2", "2: a.b has a value (line 1): no key can lie in it"),
        .init("a.b = 1\na = 2", "2: the key a is there twice (first in line 1)"),
        .init("a.b = 1\n[a]", "2: dotted keys made the table a (line 1): no header can open it"),
        .init("a.b.c = 1\n[a.b]", "2: dotted keys made the table a.b (line 1)"),
        .init("[a]\nb.c = 1\n[a.b]", "3: dotted keys made the table a.b (line 2)"),
        .init("a.b = 1\n[[a]]", "2: a is a table (line 1): [[a]] cannot add to it"),
        .init("[a.b]\n[a]\nb.c = 1", "3: a header made b (line 1): keys of it stand below that header"),
        .init("[a.b.c]\n[a]\nb.c.d = 1", "3: a header made b.c (line 1)"),
        .init("[[a.b]]\n[a]\nb.c = 1", "3: a header made b (line 1)"),
        .init("[a.b.c]\n[a]\nb.d = 1\n[a.b]", "4: dotted keys made the table a.b (line 3)"),
        .init("a = []\na.b = 1", "2: a has a value (line 1)"), .init("a = [{}]\na.b = 1", "2: a has a value (line 1)"),
    ]

    private static let depths: [TOMLCase] = [
        .init("a = " + String(repeating: "[", count: 129), "1: tables and arrays lie more than 128 deep"),
        .init("\na = " + String(repeating: "{a = ", count: 129), "2: tables and arrays lie more than 128 deep"),
        .init("a = " + String(repeating: "[\n", count: 100_000), "129: tables and arrays lie more than 128 deep"),
        .init("[" + String(repeating: "a.", count: 128) + "a]", "1: tables and arrays lie more than 128 deep"),
        .init(String(repeating: "a.", count: 100_000) + "a = 1", "1: tables and arrays lie more than 128 deep"),
        .init("[a.b]\n" + String(repeating: "a.", count: 127) + "a = 1", "2: tables and arrays lie more than 128 deep"),
        .init(
            (1...65).map { "[[" + repeatElement("a", count: $0).joined(separator: ".") + "]]\n" }.joined(),
            "65: tables and arrays lie more than 128 deep"),
    ]

    /// Inputs with which the fuzzer ended the process when another parser (toml++) read the configuration.
    private static let foundByTheFuzzer: [TOMLCase] = [
        .init("[,]", "1: a table's header has no name"), .init("\u{FEFF}[,]", "1: a table's header has no name"),
        .init("a = [\n[1],\n]\n[[\n", "4: a table's header has no name"),
        .init("[[[", "1: a table's header has no name"),
        .init("a = [\"{x}\", }\"]", "1: an array ends with }: write ]"),
        .init("a = {b = [{c = 1}, }}", "1: an array ends with }: write ]"),
        .init(
            "statte_fold = [12.5, true, 1979-05-27 6" + String(repeating: "\n", count: 26) + "0b\n\u{FEFF}te",
            "1: 1979-05-27 6 is no date or time"),
        .init("a = 1979-05-27 6" + String(repeating: "\n", count: 100), "1: 1979-05-27 6 is no date or time"),
    ]
}
