# Lo que dicen varias páginas.

client-device = una aplicación de tu dispositivo
client-device-heading = Una aplicación de tu dispositivo
cancel = Cancelar y volver
other-account = Usar otra cuenta
other-account-hint = La aplicación ha pedido { $account }. Para usar otra cuenta, vuelve a la aplicación y elígela allí.
