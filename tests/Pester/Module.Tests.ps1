# For pwsh with Pester 5: the staged module in a real shell.
param([Parameter(Mandatory)] [string] $ModulePath)

Describe 'The module in a real shell' {
    BeforeAll {
        $env:KLARKONFORM_BACKUP_HOME = Join-Path $TestDrive 'home'
        Import-Module $ModulePath -Force
    }

    It 'has a valid manifest' {
        $exported = (Test-ModuleManifest (Join-Path $ModulePath 'KlarKonform.Backup.psd1')).ExportedCmdlets.Keys | Sort-Object
        $exported | Should -Be ((Get-Command -Module KlarKonform.Backup).Name | Sort-Object)
    }

    It 'writes a configuration and reads it back' {
        New-KKBackupConfiguration Pester -TenantId t -ClientId c -ClientSecretName v/s -RepositoryPasswordName v/p -Path $TestDrive | Out-Null
        (Get-KKBackupConfiguration Pester).Target.Path | Should -Be "$TestDrive"
    }

    It 'shows the status as a table' {
        Get-KKBackupStatus Pester | Format-Table | Out-String | Should -Match 'Pester'
    }

    It 'shows configurations, schedules and items as tables' {
        (Get-KKBackupConfiguration Pester | Out-String) | Should -Match 'Name\s+Tenant\s+Target\s+Schedule'
        $plan = Set-KKBackupSchedule Pester -At 02:00 -Method Crontab -WhatIf
        ($plan | Out-String) | Should -Match 'Configuration\s+Cron\s+TimeZone'
        $plan.Definition | Should -Match '-OutputFormat Text -EncodedCommand'
    }

    It 'names an unknown configuration' {
        { Start-KKBackup Nothing -ErrorAction Stop } | Should -Throw -ErrorId 'ConfigurationNotFound*'
    }

    It 'explains every cmdlet' {
        foreach ($command in Get-Command -Module KlarKonform.Backup) {
            (Get-Help $command.Name).Synopsis.Trim() | Should -Not -BeNullOrEmpty
        }
    }

    It 'can be imported again' {
        { Import-Module $ModulePath -Force; Import-Module $ModulePath -Force } | Should -Not -Throw
    }
}
