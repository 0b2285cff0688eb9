# Starts the runbook that Export-KKBackupRunbook wrote several times: its jobs share one run. Run this as a runbook on a schedule, or from
# anywhere with Az.Automation. For pwsh.
#
# A cloud job is unloaded after three hours (fair share) and starts again from the beginning: it goes on at its last checkpoint, and the
# other jobs take its shards over meanwhile. A hybrid worker has no such limit.
#requires -Version 7.4
#requires -Modules Az.Accounts, Az.Automation
param(
    [Parameter(Mandatory)] [string] $ResourceGroupName,
    [Parameter(Mandatory)] [string] $AutomationAccountName,
    [Parameter(Mandatory)] [string] $RunbookName,
    [Parameter(Mandatory)] [string] $KeyVaultName,
    [ValidateRange(2, 64)] [int] $Workers = 4,
    [string] $HybridWorkerGroup = ''
)

$ErrorActionPreference = 'Stop'
Connect-AzAccount -Identity | Out-Null
foreach ($index in 0..($Workers - 1)) {
    $start = @{
        ResourceGroupName     = $ResourceGroupName
        AutomationAccountName = $AutomationAccountName
        Name                  = $RunbookName
        Parameters            = @{ KeyVaultName = $KeyVaultName; ShardCount = 3 * $Workers; ShardIndex = 3 * $index }
    }
    if ($HybridWorkerGroup) { $start.RunOn = $HybridWorkerGroup }
    Start-AzAutomationRunbook @start
}
