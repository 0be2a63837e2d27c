# O que várias páginas dizem.

client-device = um aplicativo no seu dispositivo
client-device-heading = Um aplicativo no seu dispositivo
cancel = Cancelar e voltar
other-account = Usar outra conta
other-account-hint = O aplicativo pediu { $account }. Para usar outra conta, volte ao aplicativo e escolha-a lá.
