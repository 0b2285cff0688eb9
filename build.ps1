#Requires -Version 7.4
<#
.SYNOPSIS
Builds, tests or packs the module.
.EXAMPLE
./build.ps1 Build
.EXAMPLE
./build.ps1 Pack -Configuration Release
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Pack')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'
$staged = Join-Path $PSScriptRoot 'artifacts/module/KlarKonform.Backup'

function Invoke-Build {
    if (Test-Path $staged) { Remove-Item $staged -Recurse -Force }
    dotnet build (Join-Path $PSScriptRoot 'src/KlarKonform.Backup.Cmdlets') --configuration $Configuration --nologo --verbosity quiet
    if ($LASTEXITCODE -ne 0) { throw 'The build failed.' }
    Write-Host "The module lies in $staged."
}

switch ($Task) {
    'Build' { Invoke-Build }
    'Test' {
        bash (Join-Path $PSScriptRoot 'tests/run.sh')
        if ($LASTEXITCODE -ne 0) { throw 'The tests failed.' }
    }
    'Pack' {
        Invoke-Build
        $manifest = Test-ModuleManifest (Join-Path $staged 'KlarKonform.Backup.psd1')
        $package = Join-Path $PSScriptRoot "artifacts/KlarKonform.Backup.$($manifest.Version).zip"
        Compress-Archive -Path $staged -DestinationPath $package -Force
        Write-Host "The package is $package."
    }
}
