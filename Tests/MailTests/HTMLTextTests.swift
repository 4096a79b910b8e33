import Testing

@testable import Mail

@Suite struct HTMLTextTests {
    @Test(
        "the text of HTML reads as a person sees it",
        arguments: [
            ("<p>Hello <b>world</b></p><p>again</p>", "Hello world\n\nagain"), ("a<br>b<br/>c", "a\nb\nc"),
            ("a\n  b\t c", "a b c"),
            ("&amp;&lt;&gt;&quot;&eacute;&#233;&#xe9;&euro;&#150;", "&<>\"éé\u{e9}€–"), ("a&nbsp;b", "a b"),
            ("AT&T &bogus; & x", "AT&T &bogus; & x"),
            ("<script>if (a<b) x();</script>y", "y"), ("<STYLE>p{}</STYLE >y", "y"), ("<script>never ends", ""),
            ("a<!-- x > y -->b", "ab"),
            ("a<!-- never ends", "a"), ("<head><title>T</title></head>x", "x"), ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
            ("<a title=\"x>y\">z</a>", "z"),
            ("<a title='never ends>z", ""), ("<pre>a\n  b</pre>", "a\n  b"), ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"), ("", ""), ("<", "<"), ("&", "&"), ("&#", "&#"),
            ("&#x110000;", "\u{fffd}"),
            ("&#0;", "\u{fffd}"), ("</div>x", "x"), ("<!DOCTYPE html>x", "x"), ("<?xml?>x", "x"),
            ("jane&commat;example&period;com", "jane@example.com"),
        ]) func text(html: String, text: String)
    {
        #expect(HTMLText(html).text == text)
    }

    @Test("links are kept, entities undone") func links() {
        let html =
            "<a class=x href=\"mailto:jane&#64;example.com?subject=x\">Jane</a> <A HREF='b'>c</A> <a href=d>e</a> <a name=x>"
        #expect(HTMLText(html).links == ["mailto:jane@example.com?subject=x", "b", "d"])
    }

    @Test("hostile HTML costs no more than its size") func huge() {
        for piece in ["<", "<a ", "&", "<!--", "<script>", "<a href=", "</", "<p>"] {
            let text = HTMLText(String(repeating: piece, count: 20_000)).text
            #expect(text.utf8.count <= 20_000 * piece.utf8.count)
        }
    }
}
