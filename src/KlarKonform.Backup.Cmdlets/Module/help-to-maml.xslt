<?xml version="1.0" encoding="utf-8"?>
<!-- Turns the compact help (help.en.xml, help.de.xml) into the MAML that Get-Help reads. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:command="http://schemas.microsoft.com/maml/dev/command/2004/10"
    xmlns:maml="http://schemas.microsoft.com/maml/2004/10"
    xmlns:dev="http://schemas.microsoft.com/maml/dev/2004/10">
  <xsl:output method="xml" encoding="utf-8" indent="yes" />

  <xsl:template match="/help">
    <helpItems schema="maml" xmlns="http://msh"><xsl:apply-templates select="cmdlet" /></helpItems>
  </xsl:template>

  <xsl:template match="cmdlet">
    <command:command>
      <command:details>
        <command:name><xsl:value-of select="@name" /></command:name>
        <maml:description><maml:para><xsl:value-of select="synopsis" /></maml:para></maml:description>
        <command:verb><xsl:value-of select="substring-before(@name, '-')" /></command:verb>
        <command:noun><xsl:value-of select="substring-after(@name, '-')" /></command:noun>
      </command:details>
      <maml:description><xsl:for-each select="description"><maml:para><xsl:value-of select="." /></maml:para></xsl:for-each></maml:description>
      <command:syntax>
        <command:syntaxItem>
          <maml:name><xsl:value-of select="@name" /></maml:name>
          <xsl:apply-templates select="parameter | /help/shared[@for = current()/@shares]/parameter" mode="syntax" />
        </command:syntaxItem>
      </command:syntax>
      <command:parameters><xsl:apply-templates select="parameter | /help/shared[@for = current()/@shares]/parameter" /></command:parameters>
      <command:examples>
        <xsl:for-each select="example">
          <command:example>
            <maml:title><xsl:value-of select="concat('-------- ', @title, ' --------')" /></maml:title>
            <dev:code><xsl:value-of select="." /></dev:code>
          </command:example>
        </xsl:for-each>
      </command:examples>
    </command:command>
  </xsl:template>

  <xsl:template match="parameter">
    <command:parameter required="{boolean(@required)}" globbing="{boolean(@wildcards)}" pipelineInput="{boolean(@pipeline)}" position="named">
      <maml:name><xsl:value-of select="@name" /></maml:name>
      <maml:description><maml:para><xsl:value-of select="." /></maml:para></maml:description>
      <command:parameterValue required="true"><xsl:value-of select="@type" /></command:parameterValue>
    </command:parameter>
  </xsl:template>

  <!-- A switch takes no value. -->
  <xsl:template match="parameter" mode="syntax">
    <command:parameter required="{boolean(@required)}" globbing="{boolean(@wildcards)}" pipelineInput="{boolean(@pipeline)}" position="named">
      <maml:name><xsl:value-of select="@name" /></maml:name>
      <xsl:if test="@type != 'SwitchParameter'"><command:parameterValue required="true"><xsl:value-of select="@type" /></command:parameterValue></xsl:if>
    </command:parameter>
  </xsl:template>
</xsl:stylesheet>
