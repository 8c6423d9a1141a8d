# /// script
# dependencies = ["lxml"]
#
# [tool.compat]
# kinds = ["C reads data beside it"]
# ///
"""XSLT and Schematron: style sheets shipped as data."""

from lxml import etree, isoschematron

style = etree.XML(
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><out><xsl:value-of select="sum(//n)"/></out></xsl:template></xsl:stylesheet>'
)
print(etree.XSLT(style)(etree.XML("<a><n>1</n><n>2</n></a>")))
schema = isoschematron.Schematron(
    etree.XML(
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron"><pattern><rule context="a">'
        '<assert test="b">a needs b</assert></rule></pattern></schema>'
    )
)
print(schema.validate(etree.XML("<a><b/></a>")), schema.validate(etree.XML("<a/>")))
