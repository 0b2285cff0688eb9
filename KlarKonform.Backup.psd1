@{
    RootModule           = 'KlarKonform.Backup.Cmdlets.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '5f0f2d5e-2c0b-4b0a-9d57-6a4f0b8f7c31'
    Author               = 'KlarKonform'
    CompanyName          = 'KlarKonform'
    Copyright            = '(c) KlarKonform. All rights reserved.'
    Description          = 'Backs up Microsoft 365 to storage that you own, in the open restic repository format.'
    CompatiblePSEditions = @('Core')
    PowerShellVersion    = '7.4'
    FormatsToProcess     = @('KlarKonform.Backup.Format.ps1xml')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    CmdletsToExport      = @(
        'New-KKBackupConfiguration'
        'Get-KKBackupConfiguration'
        'Set-KKBackupConfiguration'
        'Remove-KKBackupConfiguration'
        'Test-KKBackupConnection'
        'Start-KKBackup'
        'Stop-KKBackup'
        'Get-KKBackupStatus'
        'Get-KKBackupRun'
        'Get-KKBackupSnapshot'
        'Get-KKBackupItem'
        'Find-KKBackupItem'
        'Restore-KKBackupItem'
        'Test-KKBackup'
        'Invoke-KKBackupRetention'
        'Approve-KKBackupFailure'
        'Approve-KKBackupAuditLog'
        'Get-KKBackupHold'
        'Set-KKBackupHold'
        'Remove-KKBackupHold'
        'Get-KKBackupAuditLog'
        'Set-KKBackupSchedule'
        'Remove-KKBackupSchedule'
        'Enable-KKBackupSchedule'
        'Disable-KKBackupSchedule'
        'Start-KKBackupScheduler'
        'Export-KKBackupRunbook'
        'Export-KKBackupReport'
        'Start-KKWhatsAppReceiver'
        'Get-KKBackupKey'
        'Add-KKBackupKey'
        'Remove-KKBackupKey'
        'Repair-KKBackup'
        'Unlock-KKBackup'
    )
    PrivateData          = @{
        PSData = @{
            Tags = @('PSEdition_Core', 'Windows', 'Linux', 'MacOS', 'Microsoft365', 'Backup', 'Exchange', 'OneDrive', 'WhatsApp', 'restic')
        }
    }
}
