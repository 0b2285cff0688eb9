#Requires -Version 7.4
<#
.SYNOPSIS
Builds, tests, documents, packs or installs the module.
.DESCRIPTION
Build     compiles the module to artifacts/module/KlarKonform.Backup.
Test      runs every test and the quick start (tests/run.sh).
Docs      writes the help pages and the module's help files anew.
Pack      makes a package for the PowerShell Gallery below artifacts, and checks it: the manifest, and an import from a clean folder.
Install   puts the module where this user's PowerShell finds it.
.EXAMPLE
./build.ps1
.EXAMPLE
./build.ps1 Pack
.EXAMPLE
./build.ps1 Install
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Docs', 'Pack', 'Install')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'
$artifacts = Join-Path $PSScriptRoot 'artifacts'
$staged = Join-Path $artifacts 'module/KlarKonform.Backup'

function Invoke-Checked([string] $what, [scriptblock] $command) {
    & $command
    if ($LASTEXITCODE -ne 0) { throw "$what failed." }
}

function Invoke-Build {
    if (Test-Path $staged) { Remove-Item $staged -Recurse -Force }
    Invoke-Checked 'The build' { dotnet build (Join-Path $PSScriptRoot 'src/KlarKonform.Backup.Cmdlets') --configuration $Configuration --nologo --verbosity quiet }
    Write-Host "The module lies in $staged."
}

# In a process of its own, from a folder that holds nothing else: nothing of this build may be needed.
function Test-Package([string] $package, [version] $version) {
    $folder = Join-Path ([System.IO.Path]::GetTempPath()) ([guid]::NewGuid())
    $module = Join-Path $folder "KlarKonform.Backup/$version"
    try {
        [System.IO.Compression.ZipFile]::ExtractToDirectory($package, $module)
        $null = Test-ModuleManifest (Join-Path $module 'KlarKonform.Backup.psd1')
        $count = pwsh -NoProfile -Command "`$env:PSModulePath = '$folder'; Import-Module KlarKonform.Backup; (Get-Command -Module KlarKonform.Backup).Count"
        $expected = (Import-PowerShellDataFile (Join-Path $PSScriptRoot 'KlarKonform.Backup.psd1')).CmdletsToExport.Count
        if ([int] $count -ne $expected) { throw "The package exports $count cmdlets, not $expected." }
    }
    finally {
        Remove-Item $folder -Recurse -Force -ErrorAction Ignore
    }
}

switch ($Task) {
    'Build' { Invoke-Build }
    'Test' { Invoke-Checked 'A test' { bash (Join-Path $PSScriptRoot 'tests/run.sh') } }
    'Docs' {
        Invoke-Checked 'Writing the pages' { dotnet run --project (Join-Path $PSScriptRoot 'src/KlarKonform.Backup.HelpPages') }
        Write-Host 'docs/en-US, docs/de-DE and the module''s help are up to date.'
    }
    'Pack' {
        Invoke-Build
        $version = (Import-PowerShellDataFile (Join-Path $PSScriptRoot 'KlarKonform.Backup.psd1')).ModuleVersion
        $package = Join-Path $artifacts "KlarKonform.Backup.$version.nupkg"
        if (Test-Path $package) { Remove-Item $package }
        Invoke-Checked 'Packing' {
            dotnet pack (Join-Path $PSScriptRoot 'src/KlarKonform.Backup.Cmdlets') --no-build --configuration $Configuration --nologo --verbosity quiet --output $artifacts `
                "-p:NuspecFile=Module/KlarKonform.Backup.nuspec" "-p:NuspecBasePath=$staged" "-p:NuspecProperties=version=$version"
        }
        Test-Package $package $version
        Write-Host "The package is $package, $([math]::Round((Get-Item $package).Length / 1MB, 1)) MB."
    }
    'Install' {
        Invoke-Build
        $version = (Import-PowerShellDataFile (Join-Path $PSScriptRoot 'KlarKonform.Backup.psd1')).ModuleVersion
        $target = Join-Path ($env:PSModulePath -split [System.IO.Path]::PathSeparator)[0] "KlarKonform.Backup/$version"
        if (Test-Path $target) { Remove-Item $target -Recurse -Force }
        $null = New-Item $target -ItemType Directory -Force
        Copy-Item (Join-Path $staged '*') $target -Recurse
        Write-Host "Installed in $target. Import-Module KlarKonform.Backup"
    }
}
