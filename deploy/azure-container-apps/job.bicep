// A scheduled Container Apps job whose replicas share the run of every night. Replicas have no index: each takes any shard that nobody works on.
//   az deployment group create -g backup -f job.bicep -p image=registry.example/klarkonform-backup:1 environmentId=… keyVaultName=… script=@backup.ps1
// backup.ps1 comes from  Export-KKBackupRunbook Daily -Path ./backup.ps1 . The identity needs "Key Vault Secrets User" on the vault.
param location string = resourceGroup().location
param environmentId string
param image string
param keyVaultName string

@description('The text of backup.ps1. It names secrets and holds none.')
param script string

@minValue(1)
@maxValue(64)
param workers int = 8

@description('UTC.')
param cron string = '0 1 * * *'

resource job 'Microsoft.App/jobs@2024-03-01' = {
  name: 'klarkonform-backup'
  location: location
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    environmentId: environmentId
    configuration: {
      triggerType: 'Schedule'
      replicaTimeout: 86400
      replicaRetryLimit: 3
      scheduleTriggerConfig: {
        cronExpression: cron
        parallelism: workers
        replicaCompletionCount: workers
      }
      secrets: [
        {
          name: 'script'
          value: script
        }
      ]
    }
    template: {
      containers: [
        {
          name: 'worker'
          image: image
          args: [
            '/scripts/script.ps1'
            '-KeyVaultName'
            keyVaultName
            '-ShardCount'
            string(3 * workers)
          ]
          resources: {
            cpu: json('1.0')
            memory: '2Gi'
          }
          volumeMounts: [
            {
              volumeName: 'scripts'
              mountPath: '/scripts'
            }
          ]
        }
      ]
      volumes: [
        {
          name: 'scripts'
          storageType: 'Secret'
          secrets: [
            {
              secretRef: 'script'
              path: 'script.ps1'
            }
          ]
        }
      ]
    }
  }
}

output principalId string = job.identity.principalId
