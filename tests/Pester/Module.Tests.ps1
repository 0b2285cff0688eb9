# For pwsh with Pester 5: the staged module in a real shell.
param([Parameter(Mandatory)] [string] $ModulePath)

Describe 'The module in a real shell' {
    BeforeAll {
        $env:KLARKONFORM_BACKUP_HOME = Join-Path $TestDrive 'home'
        Import-Module $ModulePath -Force
    }

    It 'has a valid manifest' {
        (Test-ModuleManifest (Join-Path $ModulePath 'KlarKonform.Backup.psd1')).ExportedCmdlets.Count | Should -Be 10
    }

    It 'writes a configuration and reads it back' {
        New-KKBackupConfiguration Pester -TenantId t -ClientId c -ClientSecretName v/s -RepositoryPasswordName v/p -Path $TestDrive | Out-Null
        (Get-KKBackupConfiguration Pester).Target.Path | Should -Be "$TestDrive"
    }

    It 'shows the status as a table' {
        Get-KKBackupStatus Pester | Format-Table | Out-String | Should -Match 'Pester'
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
