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
        Get-KKBackupStatus Pester | Out-String | Should -Match 'Name\s+Status\s+LastRun\s+NotBackedUp'
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

    It 'shows the help topic and three examples a cmdlet' {
        (Get-Help about_KlarKonform_Backup | Out-String) | Should -Match 'restic'
        foreach ($command in Get-Command -Module KlarKonform.Backup) {
            (Get-Help $command.Name -Examples).examples.example.Count | Should -BeGreaterOrEqual 3
        }
    }

    It 'names states in the culture''s language, while the value stays' {
        $before = [cultureinfo]::CurrentUICulture
        try {
            [cultureinfo]::CurrentUICulture = 'de-DE'
            (Get-KKBackupStatus Pester | Out-String) | Should -Match 'Ausstehend'
            "$((Get-KKBackupStatus Pester).Status)" | Should -Be 'Pending'
            [cultureinfo]::CurrentUICulture = 'en-US'
            (Get-KKBackupStatus Pester | Out-String) | Should -Match 'Pending'
        }
        finally { [cultureinfo]::CurrentUICulture = $before }
    }

    It 'uses colour where the shell does' {
        $before = $PSStyle.OutputRendering
        try {
            $status = Get-KKBackupStatus Pester
            $PSStyle.OutputRendering = 'PlainText'
            ($status | Out-String) | Should -Not -Match "`e\["
        }
        finally { $PSStyle.OutputRendering = $before }
    }

    It 'writes objects that survive Export-Clixml, ConvertTo-Json and Export-Csv' {
        $status = Get-KKBackupStatus Pester
        $status | Export-Clixml (Join-Path $TestDrive 'status.xml')
        (Import-Clixml (Join-Path $TestDrive 'status.xml')).Status.ToString() | Should -Be 'Pending'
        ($status | ConvertTo-Json -Depth 3 -EnumsAsStrings | ConvertFrom-Json).Status | Should -Be 'Pending'
        ($status | ConvertTo-Csv | ConvertFrom-Csv).Name | Should -Be 'Pester'
    }

    It 'completes names' {
        (TabExpansion2 'Get-KKBackupStatus Pes').CompletionMatches.CompletionText | Should -Be 'Pester'
        (TabExpansion2 'Set-KKBackupSchedule Pester -At 02:00 -TimeZone Berl').CompletionMatches.CompletionText | Should -Be 'Europe/Berlin'
    }

    It 'exports a report' {
        $file = Export-KKBackupReport (Join-Path $TestDrive 'report.html') -Language de
        Get-Content $file -Raw | Should -Match 'Sicherungsbericht'
        { Export-KKBackupReport $file.FullName -ErrorAction Stop } | Should -Throw -ErrorId 'FileExists*'
    }
}

Describe 'With SecretManagement and SecretStore' -Skip:(-not (Get-Module Microsoft.PowerShell.SecretManagement, Microsoft.PowerShell.SecretStore -ListAvailable | Group-Object Name | Measure-Object).Count.Equals(2)) {
    BeforeAll {
        $env:KLARKONFORM_BACKUP_HOME = Join-Path $TestDrive 'home'
        Import-Module $ModulePath -Force
        Register-SecretVault -Name PesterVault -ModuleName Microsoft.PowerShell.SecretStore
        Set-SecretStoreConfiguration -Authentication None -Interaction None -Scope CurrentUser -Confirm:$false -Password (ConvertTo-SecureString 'pester' -AsPlainText -Force)
    }

    AfterAll { Unregister-SecretVault PesterVault }

    It 'puts secrets into the vault and their names into the configuration' {
        $secret = ConvertTo-SecureString 'a canary' -AsPlainText -Force
        $configuration = New-KKBackupConfiguration Vaulted -TenantId t -ClientId c -ClientSecret $secret -RepositoryPassword $secret -Vault PesterVault -Path $TestDrive
        $vault, $name = $configuration.Tenant.Auth.Secret -split '/'
        Get-Secret -Vault $vault -Name $name -AsPlainText | Should -Be 'a canary'
        Get-Content (Join-Path $env:KLARKONFORM_BACKUP_HOME 'configurations/Vaulted.json') -Raw | Should -Not -Match 'a canary'
        (TabExpansion2 'Set-KKBackupConfiguration Vaulted -CredentialName Pester').CompletionMatches.CompletionText | Should -Contain $configuration.Tenant.Auth.Secret
    }
}
