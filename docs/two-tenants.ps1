<#
.SYNOPSIS
    Two tenants in one PowerShell, strictly apart.
.DESCRIPTION
    Starts two stand-ins of Microsoft Graph, backs both up at the same time in one process, each into a repository of its own, and shows that a
    configuration that is pointed at the other tenant's repository is refused. Everything lies below -Folder and is removed at the end,
    with the secrets that were put into the vault.
    Needs the .NET SDK, the module, and a SecretManagement vault.
.EXAMPLE
    ./docs/two-tenants.ps1 -Vault BackupVault
#>
param(
    [string] $Vault = 'BackupVault',
    [string] $Folder = [System.IO.Path]::Combine([System.IO.Path]::GetTempPath(), 'klarkonform-two-tenants-' + [guid]::NewGuid().ToString('N')),
    [switch] $NoBuild
)

$ErrorActionPreference = 'Stop'
$root = [System.IO.Path]::GetDirectoryName($PSScriptRoot)
$before = $env:KLARKONFORM_BACKUP_HOME
$env:KLARKONFORM_BACKUP_HOME = [System.IO.Path]::Combine($Folder, 'home')
[void] [System.IO.Directory]::CreateDirectory($Folder)
$processes = [System.Collections.Generic.List[System.Diagnostics.Process]]::new()

function ConvertTo-Secret([string] $Text) { [System.Net.NetworkCredential]::new('', $Text).SecurePassword }

# A tenant of its own in a process of its own; its address is printed when it listens.
function Start-Tenant([string] $Name, [string] $Id, [string] $Secret, [int] $Seed) {
    $start = [System.Diagnostics.ProcessStartInfo]::new('dotnet')
    $arguments = @('run', '--project', [System.IO.Path]::Combine($root, 'src', 'KlarKonform.Backup.DemoTenant'))
    if ($NoBuild) { $arguments += '--no-build' }
    $authority = [System.IO.Path]::Combine($Folder, "$Name.pem")
    $arguments += '--', '--users', '2', '--mails', '10', '--files', '5', '--tenant', $Id, '--secret', $Secret, '--seed', "$Seed", '--ca', $authority
    foreach ($argument in $arguments) { $start.ArgumentList.Add($argument) }
    $start.RedirectStandardOutput = $true
    $process = [System.Diagnostics.Process]::Start($start)
    $processes.Add($process)
    $url = $null
    $client = $null
    while ($null -ne ($line = $process.StandardOutput.ReadLine())) {
        if ($line -match '^Authority host : (.*)$') { $url = $Matches[1] }
        if ($line -match '^Client id      : (.*)$') { $client = $Matches[1] }
        if ($line -like 'Ctrl*') { break }
    }

    if (-not $url) { throw "The tenant '$Name' did not start." }
    New-KKBackupConfiguration $Name -TenantId $Id -ClientId $client -ClientSecret (ConvertTo-Secret $Secret) -RepositoryPassword (ConvertTo-Secret "$Name-password") -Vault $Vault `
        -Cloud Custom -AuthorityHost $url -GraphEndpoint "$url/v1.0" -CaCertificate $authority -Path ([System.IO.Path]::Combine($Folder, "repository-$Name")) | Out-Null
}

try {
    Start-Tenant 'Nord' '11111111-1111-1111-1111-111111111111' 'secret-of-the-north' 1
    Start-Tenant 'Sued' '22222222-2222-2222-2222-222222222222' 'secret-of-the-south' 2

    # Both at once, in this process.
    $jobs = @((Start-KKBackup Nord -AsJob), (Start-KKBackup Sued -AsJob))
    foreach ($job in $jobs) {
        $run = Wait-Job $job | Receive-Job
        "$($run.Configuration): $($run.Status)"
        Remove-Job $job
    }

    # The mistake that must not happen: one tenant's configuration with the other one's repository.
    Set-KKBackupConfiguration Sued -Path ([System.IO.Path]::Combine($Folder, 'repository-Nord')) -RepositoryPassword (ConvertTo-Secret 'Nord-password') -Vault $Vault | Out-Null
    try {
        Start-KKBackup Sued -ErrorAction Stop | Out-Null
        throw 'It was not refused.'
    }
    catch {
        "Refused: $($_.FullyQualifiedErrorId.Split(',')[0])"
    }
}
finally {
    foreach ($process in $processes) {
        if (-not $process.HasExited) { $process.Kill($true) }
        $process.Dispose()
    }

    foreach ($configuration in Get-KKBackupConfiguration) {
        foreach ($secret in $configuration.Tenant.Auth.Secret, $configuration.Repository.Password) {
            Remove-Secret -Vault $Vault -Name $secret.Substring($Vault.Length + 1)
        }
    }

    $env:KLARKONFORM_BACKUP_HOME = $before
    if ([System.IO.Directory]::Exists($Folder)) { [System.IO.Directory]::Delete($Folder, $true) }
}

'Done.'
