# Runs the Pester tests against a staged module; exits with 1 when one fails.
param([Parameter(Mandatory)] [string] $ModulePath)
Import-Module Pester -MinimumVersion 5.0
$container = New-PesterContainer -Path (Join-Path $PSScriptRoot 'Module.Tests.ps1') -Data @{ ModulePath = (Resolve-Path $ModulePath).Path }
$result = Invoke-Pester -Container $container -PassThru
exit ([int]($result.FailedCount -gt 0))
