# A vault in memory with the commands and parameters of Microsoft.PowerShell.SecretManagement, for the demo and the tests.
# It keeps secrets for the life of the session only; it is no vault for real secrets and is not part of the module.

$script:vaults = @{}

function Register-SecretVault {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Name)
    $script:vaults[$Name] = @{}
}

function Get-SecretVault {
    [CmdletBinding()]
    param([string] $Name = '*')
    foreach ($vault in $script:vaults.Keys) {
        if ($vault -like $Name) { [pscustomobject]@{ Name = $vault; IsDefault = $false } }
    }
}

function Set-Secret {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Name, [Parameter(Mandatory)] [object] $Secret, [Parameter(Mandatory)] [string] $Vault)
    $script:vaults[$Vault][$Name] = $Secret
}

function Get-Secret {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Name, [Parameter(Mandatory)] [string] $Vault)
    if (-not $script:vaults[$Vault].ContainsKey($Name)) {
        $exception = [System.Management.Automation.ItemNotFoundException]::new("The secret $Name was not found.")
        $PSCmdlet.ThrowTerminatingError([System.Management.Automation.ErrorRecord]::new($exception, 'GetSecretNotFound', 'ObjectNotFound', $Name))
    }
    $script:vaults[$Vault][$Name]
}

function Get-SecretInfo {
    [CmdletBinding()]
    param([string] $Name = '*', [string] $Vault = '*')
    foreach ($each in $script:vaults.Keys) {
        if ($each -notlike $Vault) { continue }
        foreach ($secret in $script:vaults[$each].Keys) {
            if ($secret -like $Name) { [pscustomobject]@{ Name = $secret; VaultName = $each } }
        }
    }
}

function Remove-Secret {
    [CmdletBinding()]
    param([Parameter(Mandatory)] [string] $Name, [Parameter(Mandatory)] [string] $Vault)
    $script:vaults[$Vault].Remove($Name)
}

Export-ModuleMember -Function *-Secret, *-SecretVault, Get-SecretInfo
