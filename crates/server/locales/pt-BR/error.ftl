# O que deu errado e o que fazer.

error-detail = Para desenvolvedores

error-bad-link-heading = Este link não funciona
error-bad-link-what = O aplicativo trouxe você até aqui com um link em que falta ou sobra alguma coisa.
error-bad-link-do = Volte ao aplicativo e comece de novo. Se acontecer outra vez, os desenvolvedores dele precisam saber.

error-busy-heading = Gente demais ao mesmo tempo
error-busy-what = No momento não há lugar para a sua entrada. Nada foi alterado.
error-busy-do = Espere um minuto e tente de novo.

error-cross-site-heading = Isto não veio da nossa página
error-cross-site-what = Outro site tentou abrir esta página ou enviar este formulário por você, então nada foi feito.
error-cross-site-do = Se você queria entrar, volte ao aplicativo e comece de novo por lá.

error-expired-heading = Esta entrada terminou
error-expired-what = Ela já tinha sido concluída ou ficou aberta por tempo demais. Não dá para fazer mais nada com ela.
error-expired-do = Se você ainda não entrou, volte ao aplicativo e comece de novo.

error-form-stale-heading = Este formulário não vale mais
error-form-stale-what = Ele não pertence à sessão atual deste navegador. Nada foi alterado.
error-form-stale-do = Volte e comece de novo. Se acontecer outra vez, permita cookies para este site.

error-internal-heading = Algo deu errado aqui
error-internal-what = O erro é nosso, não seu. Nada foi alterado.
error-internal-do = Tente de novo daqui a pouco.

error-not-a-page-heading = Esta página não pode ser recarregada
error-not-a-page-what = Ela era a resposta a um formulário que não existe mais. Recarregá-la não mudou nada.
error-not-a-page-do = Use o botão Voltar do seu navegador, ou volte ao aplicativo e comece de novo.

error-other-device-heading = Esta entrada pertence a outro navegador
error-other-device-what = Ela foi aberta antes em outro lugar, então foi interrompida por segurança.
error-other-device-do = Volte ao aplicativo e comece de novo, tudo em um navegador só.

error-passwords-elsewhere-heading = Senhas não são definidas aqui
error-passwords-elsewhere-what = As contas deste servidor têm as senhas em outro lugar.
error-passwords-elsewhere-do = Pergunte a quem cuida da sua conta.

error-too-many-heading = Solicitações demais
error-too-many-what = Da sua rede vieram mais solicitações do que aceitamos de uma vez.
error-too-many-do = Espere alguns minutos e tente de novo.
