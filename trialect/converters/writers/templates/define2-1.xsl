<?xml version="1.0" encoding="UTF-8"?>
<!-- Shows a Define-XML 2.1 file as a page in a browser that knows XSLT; define.html shows the same
     in one that does not. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:odm="http://www.cdisc.org/ns/odm/v1.3" xmlns:def="http://www.cdisc.org/ns/def/v2.1"
    xmlns:xlink="http://www.w3.org/1999/xlink" exclude-result-prefixes="odm def xlink">
  <xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat"/>
  <xsl:key name="item" match="odm:ItemDef" use="@OID"/>
  <xsl:key name="codelist" match="odm:CodeList" use="@OID"/>
  <xsl:key name="method" match="odm:MethodDef" use="@OID"/>
  <xsl:key name="comment" match="def:CommentDef" use="@OID"/>
  <xsl:key name="values" match="def:ValueListDef" use="@OID"/>
  <xsl:key name="where" match="def:WhereClauseDef" use="@OID"/>

  <xsl:template match="/odm:ODM">
    <xsl:variable name="version" select="odm:Study/odm:MetaDataVersion"/>
    <html lang="en">
      <head>
        <title><xsl:value-of select="$version/@Name"/></title>
        <style>
          body { font: 14px/1.45 system-ui, sans-serif; color: #1b2530; margin: 24px 32px; }
          h2 { border-top: 2px solid #d9e0e7; padding-top: 10px; margin-top: 36px; }
          table { border-collapse: collapse; width: 100%; }
          th, td { text-align: left; vertical-align: top; padding: 4px 8px;
            border-bottom: 1px solid #d9e0e7; }
          th { background: #f4f7fa; }
          .value td { background: #fafbfc; } .value td:first-child { padding-left: 24px; }
          .soft { color: #5c6b7a; } .text { white-space: pre-line; }
        </style>
      </head>
      <body>
        <h1><xsl:value-of select="$version/@Name"/></h1>
        <p><xsl:value-of select="odm:Study/odm:GlobalVariables/odm:StudyDescription"/></p>
        <p class="soft"><xsl:value-of select="$version/@Description"/></p>
        <h2>Standards</h2>
        <ul>
          <xsl:for-each select="$version/def:Standards/def:Standard">
            <li><xsl:value-of
                select="concat(@Name, ' ', @PublishingSet, ' ', @Version, ' (', @Status, ')')"/></li>
          </xsl:for-each>
        </ul>
        <h2>Datasets</h2>
        <table>
          <tr><th>Dataset</th><th>Description</th><th>Class</th><th>Structure</th><th>File</th></tr>
          <xsl:for-each select="$version/odm:ItemGroupDef">
            <tr>
              <td><a href="#{@OID}"><xsl:value-of select="@Name"/></a></td>
              <td><xsl:call-template name="description"/></td>
              <td><xsl:value-of select="def:Class/@Name"/></td>
              <td><xsl:value-of select="@def:Structure"/><xsl:call-template name="comment"/></td>
              <td><a href="{def:leaf/@xlink:href}"><xsl:value-of select="def:leaf/def:title"/></a></td>
            </tr>
          </xsl:for-each>
        </table>
        <xsl:apply-templates select="$version/odm:ItemGroupDef"/>
        <h2>Codelists</h2>
        <xsl:apply-templates select="$version/odm:CodeList"/>
        <h2>Methods</h2>
        <xsl:for-each select="$version/odm:MethodDef">
          <p id="{@OID}" class="text"><b><xsl:value-of select="@Name"/></b>:
            <xsl:call-template name="description"/></p>
        </xsl:for-each>
      </body>
    </html>
  </xsl:template>

  <xsl:template match="odm:ItemGroupDef">
    <h2 id="{@OID}"><xsl:value-of select="@Name"/>: <xsl:call-template name="description"/></h2>
    <table>
      <tr><th>Variable</th><th>Label</th><th>Key</th><th>Type</th><th>Length</th><th>Codelist</th>
        <th>Origin</th><th>Method and comment</th></tr>
      <xsl:for-each select="odm:ItemRef">
        <xsl:variable name="item" select="key('item', @ItemOID)"/>
        <tr>
          <td><b><xsl:value-of select="$item/@Name"/></b></td>
          <xsl:call-template name="cells"><xsl:with-param name="item" select="$item"/></xsl:call-template>
        </tr>
        <xsl:for-each select="key('values', $item/def:ValueListRef/@ValueListOID)/odm:ItemRef">
          <tr class="value">
            <td><xsl:apply-templates select="key('where', def:WhereClauseRef/@WhereClauseOID)"/></td>
            <xsl:call-template name="cells">
              <xsl:with-param name="item" select="key('item', @ItemOID)"/>
            </xsl:call-template>
          </tr>
        </xsl:for-each>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template match="def:WhereClauseDef">
    <xsl:for-each select="odm:RangeCheck">
      <xsl:if test="position() &gt; 1"> and </xsl:if>
      <xsl:value-of select="concat(key('item', @def:ItemOID)/@Name, ' ', @Comparator)"/>
      <xsl:for-each select="odm:CheckValue"><xsl:value-of select="concat(' ', .)"/></xsl:for-each>
    </xsl:for-each>
  </xsl:template>

  <xsl:template name="cells">
    <xsl:param name="item"/>
    <td><xsl:for-each select="$item"><xsl:call-template name="description"/></xsl:for-each></td>
    <td><xsl:value-of select="@KeySequence"/></td>
    <td><xsl:value-of select="$item/@DataType"/></td>
    <td><xsl:value-of select="$item/@Length"/><xsl:if test="$item/@SignificantDigits">.<xsl:value-of
        select="$item/@SignificantDigits"/></xsl:if></td>
    <td><xsl:for-each select="key('codelist', $item/odm:CodeListRef/@CodeListOID)">
      <a href="#{@OID}"><xsl:value-of select="@Name"/></a></xsl:for-each></td>
    <td><xsl:for-each select="$item/def:Origin">
      <div><xsl:value-of select="@Type"/><xsl:if test="@Source"> (<xsl:value-of
          select="@Source"/>)</xsl:if></div></xsl:for-each></td>
    <td><xsl:for-each select="key('method', @MethodOID)">
      <a href="#{@OID}">Method</a>: <span class="text"><xsl:call-template name="description"/></span>
      </xsl:for-each>
      <xsl:for-each select="$item"><xsl:call-template name="comment"/></xsl:for-each></td>
  </xsl:template>

  <xsl:template match="odm:CodeList">
    <h3 id="{@OID}"><xsl:value-of select="@Name"/>
      <span class="soft"><xsl:value-of select="concat(' ', odm:Alias/@Name)"/></span></h3>
    <xsl:for-each select="odm:ExternalCodeList">
      <p><xsl:value-of select="concat(@Dictionary, ' ', @Version)"/></p>
    </xsl:for-each>
    <table>
      <xsl:for-each select="odm:CodeListItem | odm:EnumeratedItem">
        <tr>
          <td><xsl:value-of select="@CodedValue"/></td>
          <td><xsl:value-of select="odm:Decode/odm:TranslatedText"/></td>
          <td><xsl:value-of select="odm:Alias/@Name"/>
            <xsl:if test="@def:ExtendedValue = 'Yes'">sponsor's own</xsl:if></td>
        </tr>
      </xsl:for-each>
    </table>
  </xsl:template>

  <xsl:template name="description">
    <xsl:value-of select="odm:Description/odm:TranslatedText"/>
  </xsl:template>

  <xsl:template name="comment">
    <xsl:for-each select="key('comment', @def:CommentOID)">
      <div class="soft text"><xsl:call-template name="description"/></div>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
