import S3
import Testing

@Suite struct XMLElementTests {
    private func parsed(_ text: String) throws -> XMLElement { try XMLElement(parsing: Array(text.utf8)) }

    @Test func aListIsRead() throws {
        let root = try parsed(
            """
            <?xml version="1.0" encoding="UTF-8"?>
            <a:List xmlns:a="http://s3.amazonaws.com/doc/2006-03-01/">
              <Name>b</Name><Empty/>
              <Contents key='1'><Key>x&amp;y &#233;&#x20AC;&lt;</Key></Contents >
              <Contents><Key/></Contents>
            </a:List>

            """
        )
        #expect(root.name == "List")
        #expect(root.text(of: "Name") == "b")
        #expect(root.text(of: "Empty") == "")
        #expect(root.all("Contents").map { $0.text(of: "Key") } == ["x&y é€<", ""])
        #expect(root.text(of: "None") == nil)
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a/>x", "<a b></a>", "<a b=c></a>",
        "<a b=\"<\"/>",
        "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&#x110000;</a>", "<a>&amp</a>", "<a>x<b/></a>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a><![CDATA[x]]></a>", "<a><!-- x --></a>",
        "<a><?x?></a>",
        "<?xml version=\"1.0\"", "<a\u{0}/>", "<a>\u{1}</a>", "< a/>", "<1/>", "<a", "<a b=\"", "<a/ >",
    ])
    func whatNoStoreWritesIsRefused(_ text: String) {
        #expect(throws: XMLElement.Fault.self) { try parsed(text) }
    }

    @Test func bytesThatAreNoTextAreRefused() {
        #expect(throws: XMLElement.Fault.self) {
            try XMLElement(parsing: Array("<a>".utf8) + [0xFF, 0xFE] + Array("</a>".utf8))
        }
    }

    @Test func depthAndNumberHaveLimits() throws {
        let deep = { (count: Int) in
            String(repeating: "<a>", count: count) + String(repeating: "</a>", count: count)
        }
        _ = try parsed(deep(12))
        #expect(throws: XMLElement.Fault.self) { try parsed(deep(13)) }
        #expect(throws: XMLElement.Fault.self) {
            try parsed("<a>\(String(repeating: "<b/>", count: 50_000))</a>")
        }
    }
}
